"""Parley's own page, in a browser without scripts, on the real capabilities."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.platforms.web.pages import REQUEST_LIMIT
from db.files import LIMIT, File, FileState
from db.issues import Issue, Participation
from db.machinery import Audit
from db.people import Person, WebSession
from tests.handlers.issue_steps import raised, settled
from tests.platforms.web.browser import Browser, link
from tests.world import World

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    yield made
    made.close()


@pytest.fixture
def small_world(sqlite_url: str) -> Iterator[World]:
    """For what does not touch the database's differences."""
    made = World(sqlite_url)
    yield made
    made.close()


@pytest.fixture
def browser(small_world: World) -> Browser:
    return Browser(small_world)


@pytest.fixture
def amina(browser: Browser) -> Browser:
    browser.sign_in("amina")
    return browser


# Signing in and out


def test_a_stranger_is_told_how_to_come_in_and_nothing_else(browser: Browser) -> None:
    page = browser.open("/")
    assert browser.status == 200 and "ask Parley in your chat" in page
    assert [form.action for form in page.forms] == []


@pytest.mark.promise("threat.23", "Ten looks of preview bots do not use up a link.")
def test_a_link_lets_one_person_in_once_however_often_it_is_looked_at(world: World) -> None:
    code = link(world, "amina")
    robot, amina, other = Browser(world), Browser(world), Browser(world)
    for _time in range(10):
        assert robot.client.get(f"/in/{code}").status_code == 200
        assert robot.client.head(f"/in/{code}").status_code == 200
    assert "works once" in amina.open(f"/in/{code}")
    assert "Hello, Amina." in amina.press("Sign in to your page") and amina.status == 200
    assert "has been used or is too old" in other.open(f"/in/{code}") and other.status == 404
    assert "has been used or is too old" in other.post(f"/in/{code}", {}) and other.status == 404
    assert "ask Parley" in other.open("/")


def test_many_at_once_with_one_link_let_one_in(world: World) -> None:
    code = link(world, "amina")
    browsers = [Browser(world) for _each in range(6)]
    with ThreadPoolExecutor(6) as pool:
        pages = list(pool.map(lambda each: each.post(f"/in/{code}", {}), browsers))
    assert sum("Hello, Amina." in page for page in pages) == 1
    assert sorted(each.status for each in browsers) == [200, 404, 404, 404, 404, 404]


def test_a_link_is_good_for_fifteen_minutes_and_a_session_for_twelve_hours(small_world: World) -> None:
    browser = Browser(small_world)
    code = link(small_world, "amina")
    small_world.clock.advance(timedelta(minutes=15))
    assert "too old" in browser.post(f"/in/{code}", {})
    assert "Hello, Amina." in browser.sign_in("amina")
    small_world.clock.advance(timedelta(hours=11, minutes=59))
    assert "Hello, Amina." in browser.open("/")
    small_world.clock.advance(timedelta(minutes=1))
    assert "ask Parley in your chat" in browser.open("/")


@pytest.mark.parametrize("code", ["x", "%00", "../etc/passwd", "a" * 5000, "%F0%9F%9A%A2"])
def test_a_link_nobody_made_is_too_old_like_any_other(browser: Browser, code: str) -> None:
    browser.open(f"/in/{code}")
    assert browser.status == 404
    browser.post(f"/in/{code}", {})
    assert browser.status == 404


def test_signing_out_ends_the_session_everywhere(amina: Browser) -> None:
    cookie = amina.client.cookies["parley"]
    assert "signed out" in amina.press("Sign out")
    amina.client.cookies.set("parley", cookie, domain="parley.example")
    assert "ask Parley in your chat" in amina.open("/")


def test_only_the_hash_of_a_session_is_kept(amina: Browser) -> None:
    with amina.world.parley.sessions.reading() as session:
        digests = session.scalars(select(WebSession.digest)).all()
    assert amina.client.cookies["parley"] not in digests and all(len(each) == 64 for each in digests)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(small_world: World) -> None:
    browser = Browser(small_world, secure=True)
    answer = browser.client.post(
        f"/in/{link(small_world, 'amina')}", headers={"origin": "https://parley.example"}, follow_redirects=False
    )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-parley=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Hello, Amina." in browser.open("/")


# What is refused


@pytest.mark.promise("threat.29", "A post from another site changes nothing.")
@pytest.mark.parametrize("path", ["/act", "/go", "/form", "/out"])
@pytest.mark.parametrize(
    ("origin", "csrf"),
    [
        ("https://evil.example", True),
        ("null", True),
        ("https://parley.example", True),  # another scheme is another origin
        ("http://parley.example.evil.example", True),
        ("http://parley.example", False),
    ],
)
def test_a_post_from_elsewhere_or_without_the_token_changes_nothing(
    amina: Browser, path: str, origin: str, csrf: bool
) -> None:
    token = amina.page.forms[0].values["csrf"] if csrf else "x"
    amina.post(path, {"csrf": token, "command": "people.signin"}, headers={"origin": origin})
    assert amina.status == 403 and "too old" in amina.page
    assert "Hello, Amina." in amina.open("/")


@pytest.mark.promise("threat.29", "Nobody can be signed in by another site.")
def test_nobody_can_be_signed_in_by_another_site(browser: Browser) -> None:
    code = link(browser.world, "badr")
    browser.post(f"/in/{code}", {}, headers={"origin": "https://evil.example"})
    assert browser.status == 403 and "parley" not in browser.client.cookies
    assert "Hello, Badr." in browser.post(f"/in/{code}", {})


def test_one_persons_token_is_no_use_to_another(small_world: World) -> None:
    amina, badr = Browser(small_world), Browser(small_world)
    amina.sign_in("amina")
    badr.sign_in("badr")
    badr.post("/go", {"csrf": amina.page.forms[0].values["csrf"], "command": "home.help"})
    assert badr.status == 403


@pytest.mark.parametrize("path", ["/act", "/go", "/form"])
def test_a_post_without_a_session_is_asked_to_sign_in(browser: Browser, path: str) -> None:
    browser.post(path, {"csrf": "x"})
    assert browser.status == 401 and "ask Parley in your chat" in browser.page


@pytest.mark.promise("threat.28", "No page runs or loads what is not ours.")
def test_every_page_says_what_it_may_load_and_is_kept_nowhere(amina: Browser) -> None:
    for path in ("/", "/in/x", "/nowhere", "/file/1/x"):
        amina.open(path)
        assert amina.response is not None
        headers = amina.response.headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert (
            "<script>" not in amina.page.html and " style=" not in amina.page.html and " onclick" not in amina.page.html
        )


@pytest.mark.parametrize("path", ["/nowhere", "/act", "/static/nothing.css", "/file/x/y"])
def test_an_address_with_nothing_behind_it_is_a_page_too(amina: Browser, path: str) -> None:
    amina.open(path)
    assert amina.status in (404, 405) and "There is nothing here." in amina.page


def test_a_fault_of_ours_is_said_without_its_inside(amina: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object, **_more: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(amina.world.parley.engine, "turn", broken)
    amina.open("/")
    assert amina.status == 500 and "Something went wrong on our side." in amina.page and "secret" not in amina.page.html


# Screens and forms


def test_words_in_another_language_say_in_which_and_their_label_stands_above(amina: Browser) -> None:
    issue = raised(amina.world, detail="Le quai 4 attend")
    with amina.world.parley.sessions.writing() as session:
        session.execute(update(Participation).values(language="fr"))
    settled(amina.world, issue)
    amina.open("/")
    amina.press("What became of it")
    assert "You wrote Le quai 4 attend Written in French" in amina.press("Open")


def test_home_shows_what_one_may_do_and_a_button_does_it(amina: Browser) -> None:
    menu = [label for form in amina.page.forms if form.action == "/go" for label, _name, _value in form.buttons]
    assert "Raise an issue" in menu and "Roles" not in menu
    assert "What Parley is for" in amina.press("Help")
    officer = Browser(amina.world)
    officer.sign_in("ruiz")
    assert officer.page.forms != [] and "Hello, Ruiz." in officer.page


def test_an_issue_is_raised_on_one_page(world: World) -> None:
    amina = Browser(world)
    amina.sign_in("amina")
    form = amina.press("Raise an issue")
    assert "What happened?" in form and "Which sector is it about?" in form and "At most 3,000 characters." in form
    done = amina.press(
        "Send",
        files=[("files", ("seal.png", PNG, "image/png"))],
        detail="The reefer <b>stands</b> & rots.\nSince Monday.",
        sector="perishables",
        port="port b",
        chapter="٣",
    )
    assert "Your reference is P-" in done
    with world.parley.sessions.reading() as session:
        issue = session.scalars(select(Issue)).one()
        file = session.scalars(select(File)).one()
    assert (issue.port, issue.chapter, file.media_type, file.state) == ("Port B", "03", "image/png", FileState.STORED)


def test_what_is_wrong_is_said_beside_the_question_and_nothing_typed_is_lost(amina: Browser) -> None:
    amina.press("Raise an issue")
    again = amina.press("Send", detail="It rots", sector=None, chapter="ninety", port="")
    assert "Please look at these answers again:" in again
    assert "This question needs an answer." in again
    assert "Please send a whole number from 1 to 97." in again
    form = next(form for form in again.forms if form.action == "/form")
    assert (form.values["detail"], form.values["chapter"]) == ("It rots", "ninety")
    assert 'aria-invalid="true"' in again.html and 'href="#f-chapter"' in again.html
    assert "Your reference is P-" in amina.press("Send", sector="perishables", chapter="9")


def test_a_form_begun_in_a_chat_goes_on_here(amina: Browser) -> None:
    amina.world.say("amina", "/raise")
    amina.world.say("amina", "The reefer rots")
    page = amina.press("Raise an issue")
    assert "You had begun this." in page
    assert next(form for form in page.forms if form.action == "/form").values["detail"] == "The reefer rots"


def test_files_are_kept_while_the_rest_is_put_right(amina: Browser) -> None:
    amina.press("Raise an issue")
    again = amina.press("Send", files=[("files", ("a.png", PNG, "image/png"))], detail="", sector="perishables")
    assert "Choosing others replaces them." in again
    done = amina.press("Send", detail="It rots")
    assert "Your reference is P-" in done and "Photos and documents 1" in done


def test_files_are_kept_while_the_form_shows_the_questions_that_apply(world: World) -> None:
    """A choice draws the form again where scripts run, and no browser chooses the files of a form again."""
    cora = Browser(world)
    cora.sign_in("cora")
    cora.press("Write to many")
    photo = ("files", ("seal.png", PNG, "image/png"))
    again = cora.press("Show the questions that apply", files=[photo], title="Seals", words="Look", moment="later")
    assert "On which day?" in again and "Choosing others replaces them." in again
    cora.press("Show the questions that apply", moment="now")
    kept = cora.press("Keep the draft", wants="nothing", hour="suitable")
    assert "Kept as a draft." in kept and "Attached seal.png" in kept


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("film.png", PNG + bytes(LIMIT), "“film.png” is larger than 20 MB."),
        ("invoice.pdf", b"MZ" + bytes(100), "“invoice.pdf” is a program."),
    ],
)
def test_a_file_that_cannot_be_taken_is_named(amina: Browser, name: str, data: bytes, says: str) -> None:
    amina.press("Raise an issue")
    again = amina.press("Send", files=[("files", (name, data, "image/png"))], detail="It rots", sector="perishables")
    assert says in again and "Your reference" not in again
    assert next(form for form in again.forms if form.action == "/form").values["detail"] == "It rots"
    assert "Your reference is P-" in amina.press("Send")


def test_more_than_fits_is_refused_before_it_is_read(amina: Browser) -> None:
    amina.press("Raise an issue")
    amina.client.post("/form", content=b"x", headers={"content-length": str(REQUEST_LIMIT + 1)})
    answer = amina.client.post("/form", content=b"x", headers={"content-length": str(REQUEST_LIMIT + 1)})
    assert answer.status_code == 413 and "too much at once" in answer.text


def test_what_one_types_is_searched_among_the_choices(amina: Browser) -> None:
    page = amina.press("Raise an issue")
    token = next(form for form in page.forms if form.action == "/form").values["token"]
    found = amina.client.get("/options", params={"token": token, "field": "agency", "q": "food"})
    assert found.json() == ["Food Safety Agency"]
    assert amina.client.get("/options", params={"token": token, "field": "nothing", "q": ""}).status_code == 404
    assert amina.client.get("/options", params={"token": "77", "field": "agency"}).status_code == 404
    assert amina.client.get("/options", params={"token": "x", "field": "agency"}).status_code == 404
    badr = Browser(amina.world)
    assert badr.client.get("/options", params={"token": token, "field": "agency"}).status_code == 401
    badr.sign_in("badr")
    assert badr.client.get("/options", params={"token": token, "field": "agency"}).status_code == 404
    again = amina.press("Send", detail="x", sector="perishables", agency="safety")
    assert "Please choose one of the answers offered." in again and '<option value="Food Safety Agency">' in again.html
    assert 'value="safety"' in again.html
    assert "Your reference is P-" in amina.press("Send", agency="food safety agency")


def test_somebody_elses_form_is_no_longer_open(amina: Browser) -> None:
    page = amina.press("Raise an issue")
    token = next(form for form in page.forms if form.action == "/form").values["token"]
    badr = Browser(amina.world)
    badr.sign_in("badr")
    said = badr.post("/form", {"csrf": badr.page.forms[0].values["csrf"], "token": token, "detail": "mine now"})
    assert "This question is no longer open." in said


@pytest.mark.promise("threat.28", "What a person wrote is shown as written.")
def test_what_a_person_wrote_is_shown_as_written(world: World) -> None:
    words = "<script>alert(1)</script> & <a href='x'>\n{{ 7*7 }} \u202egnp.exe"
    issue = raised(world, detail=words)
    ruiz = Browser(world)
    ruiz.sign_in("ruiz")
    page = ruiz.post("/go", {"csrf": ruiz.page.forms[0].values["csrf"], "command": "issues.desk"})
    shown = ruiz.press(
        next(label for form in page.forms for label, _n, _v in form.buttons if f"P-{issue}" in label or label == "Open")
    )
    assert "<script>alert" not in shown.html and "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.html
    assert "49" not in shown.text and "\u202e" not in shown.html


# Files


def test_a_file_opens_with_the_key_of_the_session_that_was_shown_it(small_world: World) -> None:
    amina, badr = Browser(small_world), Browser(small_world)
    amina.sign_in("amina")
    badr.sign_in("badr")
    amina.press("Raise an issue")
    photo = ("files", ("Größe ../x\r\n.png", PNG, "image/png"))
    amina.press("Send", files=[photo], detail="With a photo", sector="perishables")
    said = amina.press("All that was said")
    path = next(target for target in said.links.values() if target.startswith("/file/"))
    got = amina.client.get(path)
    assert got.content == PNG and got.headers["content-type"] == "image/png"
    disposition = got.headers["content-disposition"]
    assert disposition.startswith("attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe") and "/" not in disposition
    assert got.headers["x-content-type-options"] == "nosniff"
    assert badr.client.get(path).status_code == 404, "the address alone opens nothing"
    assert amina.client.get(path.rpartition("/")[0] + "/" + "0" * 32).status_code == 404
    assert Browser(small_world).client.get(path).status_code == 404
    again = Browser(small_world)
    again.sign_in("amina")
    assert again.client.get(path).status_code == 404, "another session of hers was not shown it yet"


def test_coming_and_going_and_another_persons_file_are_audited(small_world: World) -> None:
    amina, ruiz = Browser(small_world), Browser(small_world)
    amina.sign_in("amina")
    amina.press("Raise an issue")
    photo = ("files", ("photo.png", PNG, "image/png"))
    amina.press("Send", files=[photo], detail="With a photo", sector="perishables")
    ruiz.sign_in("ruiz")
    ruiz.press("Issues at my desk")
    ruiz.press("Open")
    ruiz.press("More")
    for browser in (amina, ruiz):
        page = browser.press("All that was said")
        path = next(target for target in page.links.values() if target.startswith("/file/"))
        assert browser.client.get(path).content == PNG
    ruiz.press("Sign out")
    with small_world.parley.sessions.reading() as session:
        lines = session.scalars(select(Audit).where(Audit.what.startswith("web.")).order_by(Audit.id)).all()
    amina_id, ruiz_id = small_world.ids["amina"], small_world.ids["ruiz"]
    assert [(line.what, line.who, line.about, line.door) for line in lines] == [
        ("web.signin", amina_id, f"person:{amina_id}", "web"),
        ("web.signin", ruiz_id, f"person:{ruiz_id}", "web"),
        ("web.file", ruiz_id, "file:1", "web"),
        ("web.signout", ruiz_id, f"person:{ruiz_id}", "web"),
    ]


# Languages


@pytest.mark.parametrize(
    ("language", "direction", "hello"), [("en", "ltr", "Hello"), ("fr", "ltr", "Bonjour"), ("ar", "rtl", "مرحب")]
)
def test_a_page_is_in_its_readers_language_and_direction(
    small_world: World, language: str, direction: str, hello: str
) -> None:
    with small_world.parley.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == small_world.ids["amina"]).values(language=language))
    browser = Browser(small_world, language=f"{language}-XX,en;q=0.5")
    stranger = browser.open("/")
    assert (stranger.attributes["lang"], stranger.attributes["dir"]) == (language, direction)
    page = browser.sign_in("amina")
    assert (page.attributes["lang"], page.attributes["dir"]) == (language, direction)
    assert hello in page.text
