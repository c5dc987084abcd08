"""A Slack person's screen in words: messages, the Home tab and the open modal, with everything that can be pressed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .blocks import buttons_of, inputs_of, is_filled, links_of, text_of, value_text
from .personas import Persona
from .shown import Deed, Press, Shown, legible
from .slack import Json, Message
from .stage import Stage

TYPED = ("plain_text_input", "external_select", "datepicker")


class Sheet:
    """What `persona` has before them."""

    def __init__(self, stage: Stage, persona: Persona) -> None:
        self._stage = stage
        self._workspace = stage.workspace
        self._persona = persona

    def shown(self) -> list[Shown]:
        """Everything on the screen, the open modal last."""
        user = self._persona.user
        screen = [self._message(each) for each in self._workspace.messages.get(user, ()) if each.from_bot]
        if user in self._workspace.homes:
            blocks = self._workspace.homes[user]["blocks"]
            text = "\n".join([text_of(blocks), *links_of(blocks)])
            screen.append(Shown("home", legible(text), self._buttons(blocks, {"message": "home"})))
        if user in self._workspace.modals:
            screen.append(self._modal(self._workspace.modals[user]))
        return screen

    async def types(self, text: str) -> bool:
        """Type into the open modal's next empty input, else over what is wrong or was filled in before; False when no
        modal is open."""
        user = self._persona.user
        if user not in self._workspace.modals:
            return False
        view = self._workspace.view(self._persona)
        typed = [each for each in inputs_of(view["blocks"]) if each["element"]["type"] in TYPED]
        empty = [each for each in typed if not any(map(is_filled, view["state"]["values"][each["block_id"]].values()))]
        wrong = [each for each in typed if each["block_id"] in self._workspace.errors.get(user, {})]
        given_before = [each for each in typed if each["block_id"] not in self._workspace.values.get(user, {})]
        for block in (*empty, *wrong, *given_before):
            given = await self._typed(block, block["element"]["type"], text)
            if given is not None:
                await self._put(block, given)
                break
        return True

    async def attaches(self, name: str, media_type: str, data: bytes) -> bool:
        """Put a file into the open modal's input for files; False where there is none."""
        if self._persona.user not in self._workspace.modals:
            return False
        view = self._workspace.view(self._persona)
        for block in inputs_of(view["blocks"]):
            if block["element"]["type"] == "file_input":
                (value,) = view["state"]["values"][block["block_id"]].values()
                file = self._workspace.upload(self._persona, name, media_type, data)
                await self._put(block, {"type": "file_input", "files": [*value["files"], file]})
                return True
        return False

    def _message(self, message: Message) -> Shown:
        blocks = message.payload.get("blocks", [])
        text = "\n".join([text_of(blocks) or str(message.payload.get("text", "")), *links_of(blocks)])
        names = [str(file["name"]) for file in message.payload.get("files", ())]
        return Shown(
            message.id, legible("\n".join([text, *names]).strip()), self._buttons(blocks, {"message": message.id})
        )

    def _modal(self, view: Json) -> Shown:
        values = self._workspace.view(self._persona)["state"]["values"]
        errors = self._workspace.errors.get(self._persona.user, {})
        lines = [view["title"]["text"], text_of(view["blocks"])]
        presses = [*self._buttons(view["blocks"], {"view": view["id"]})]
        for block in inputs_of(view["blocks"]):
            (value,) = values[block["block_id"]].values()
            wrong = errors.get(block["block_id"])
            lines.append(f"{block['label']['text']}: {value_text(value)}" + (f" ({wrong})" if wrong else ""))
            for option in block["element"].get("options", ()):
                presses.append(Press(legible(option["text"]["text"]), self._choosing(block, option)))
        workspace, persona = self._workspace, self._persona

        async def submit() -> None:
            await self._stage.acts(persona, "sent a form", lambda: workspace.submits(persona))

        async def close() -> None:
            await self._stage.acts(persona, "closed a form", lambda: workspace.closes(persona))

        if "submit" in view:
            presses.append(Press(legible(view["submit"]["text"]), submit))
        presses.append(Press(legible(view["close"]["text"]), close))
        return Shown(f"modal {view['id']}", legible("\n".join(line for line in lines if line)), tuple(presses))

    async def _typed(self, block: Mapping[str, Any], kind: str, text: str) -> Json | None:
        """What typing `text` puts into an input; None where a search finds nothing."""
        if kind == "external_select":
            element = block["element"]
            found = await self._workspace.options(self._persona, block["block_id"], element["action_id"], text)
            return {"type": kind, "selected_option": found[0]} if found else None
        return {"type": kind, "selected_date" if kind == "datepicker" else "value": text}

    def _choosing(self, block: Mapping[str, Any], option: Json) -> Deed:
        async def choose() -> None:
            kind = block["element"]["type"]
            chosen = {"selected_options": [option]} if kind == "checkboxes" else {"selected_option": option}
            await self._put(block, {"type": kind, **chosen})

        return choose

    async def _put(self, block: Mapping[str, Any], value: Json) -> None:
        """Fill an input; Parley hears of it at once where other questions depend on it."""
        workspace, persona = self._workspace, self._persona
        workspace.fill(persona, block, value)
        if block.get("dispatch_action"):
            where = {"view": workspace.modals[persona.user]["id"], "action_id": block["element"]["action_id"]}
            await self._stage.acts(persona, workspace.deed(persona, where), lambda: workspace.taps(persona, where))

    def _buttons(self, blocks: list[Json], where: Json) -> tuple[Press, ...]:
        return tuple(self._press(each, where) for each in buttons_of(blocks) if "url" not in each)

    def _press(self, button: Mapping[str, Any], where: Json) -> Press:
        workspace, persona = self._workspace, self._persona

        async def press() -> None:
            about = where | {"action_id": button["action_id"], "value": button.get("value")}
            await self._stage.acts(persona, workspace.deed(persona, about), lambda: workspace.taps(persona, about))

        return Press(legible(button["text"]["text"]), press)
