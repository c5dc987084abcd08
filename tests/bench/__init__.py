"""`make bench`: figures, each against a floor or a peer in the same run. Nothing here passes or fails a build."""
