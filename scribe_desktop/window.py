"""Opens the window over the line, and gives it what this computer has around it."""

import logging
import threading
from contextlib import closing
from typing import Any

from scribe_desktop.app import Program
from scribe_desktop.call import Wishes
from scribe_desktop.commands import run, serve_others
from scribe_desktop.desktop.idle import idle_s
from scribe_desktop.desktop.screen import has_screen, is_seen
from scribe_desktop.doctor import examine
from scribe_desktop.domain.errors import DesktopError, ScribeError, SpoolError
from scribe_desktop.domain.notices import Trouble
from scribe_desktop.exits import Exit
from scribe_desktop.services.control import Control, Holder
from scribe_desktop.services.frugality import Frugality
from scribe_desktop.services.keyring_door import ASK_LIMIT_S, KeyringDoor, KeyringSilent
from scribe_desktop.services.last_words import is_at_terminal, say
from scribe_desktop.services.pin import PinLock
from scribe_desktop.services.places import find_places
from scribe_desktop.ui.application import (
    WindowCommands,
    make_application,
    run_window,
    tell_without_window,
)
from scribe_desktop.ui.network import NetworkNews
from scribe_desktop.ui.unlocking import is_tried_again
from scribe_desktop.ui.workplace import Workplace
from scribe_desktop.wiring.accounts import Accounts
from scribe_desktop.wiring.another_template import AnotherTemplate
from scribe_desktop.wiring.custody import Custody
from scribe_desktop.wiring.diagnostics import Diagnostics
from scribe_desktop.wiring.exports import Exports
from scribe_desktop.wiring.rule_files import RuleFiles
from scribe_desktop.wiring.service_shelf import OwnTemplates, PastSessions, ServiceDocuments
from scribe_desktop.wiring.sound import MicrophoneTest, Player, Speaker
from scribe_desktop.wiring.strongroom import begin_unlocking
from scribe_desktop.wiring.updates import UpdateWatch, publishers_key
from scribe_desktop.wiring.weights import ModelFiles
from scribe_desktop.wiring.workstation import Workstation

log = logging.getLogger(__name__)

ABANDON_LIMIT_S = 0.3
"""How long other processes may take to hear that the window closes."""


class _ReadAlready(ScribeError):
    """Somebody has read it on the screen, and closed it."""


def open_window(token: str, recordings: tuple[str, ...] = (), *, hidden: bool = False) -> int:
    """Open the window, or bring the open one to the front; returns the exit code.

    `recordings` are imported there, as a file manager asks. `hidden`, as when
    the computer starts, opens it in the tray and leaves an open one alone.
    Where it cannot start it says why.
    """
    try:
        return _open(token, recordings, hidden=hidden)
    except ScribeError as error:
        say(str(error))
        # Started by a click there is no terminal: nothing at all would seem to happen.
        if not isinstance(error, _ReadAlready) and is_seen() and not is_at_terminal():
            tell_without_window(error)
        return Exit.FAILED


def _open(token: str, recordings: tuple[str, ...], *, hidden: bool) -> int:
    request = {"command": "import", "files": list(recordings)}
    hidden = hidden and not recordings
    control = Control(find_places().control)
    answer = control.ask_or_hold(request if recordings else {"command": "show", "hidden": hidden})
    if not isinstance(answer, Holder):
        return 0
    return _own_window(answer, token, request, hidden=hidden)


def _own_window(holder: Holder, token: str, request: dict[str, Any], *, hidden: bool) -> int:
    with closing(holder), _opened() as program:
        line = program.line
        if token:
            line.use_token(line.usual_order().service, token)
        keyring = KeyringDoor(program.places.keyring_name)
        pin = PinLock(program.places.config, keyring)
        workstation = Workstation(
            line, program.computer, pin, program.places.config, program.strongroom.opens
        )
        network = NetworkNews()
        updates = UpdateWatch(line, program.places.cache / "updates", key=publishers_key())
        frugality = Frugality()

        def ready(window: WindowCommands) -> None:
            # Only now: starting the service takes both cores, and the window comes first.
            program.window = window
            program.hearing.warm_up()
            program.deliver()
            line.prepare()
            program.hearing.apply_settings()
            workstation.start(window)
            serve_others(holder, program)
            for notice in program.opening_notices:
                line.tell(Trouble(notice.message, notice.remedy))
            for complaint in program.complaints:
                line.tell(Trouble(complaint))
            if not any(isinstance(one, SpoolError) for one in program.opening_notices):
                # One sentence is on screen, and that recordings were damaged matters more.
                program.foretell_room()
            if request["files"]:
                run(program, request, lambda _: None, Wishes(threading.Event(), threading.Event()))
            updates.start()
            network.came_back.connect(line.reconnect)
            network.start()
            frugality.start()

        try:
            code = run_window(
                line,
                _workplace(program, workstation, updates),
                ready=ready,
                places_file=str(program.places.config / "windows.ini"),
                hidden=hidden,
            )
        finally:
            frugality.stop()
            updates.stop()
            workstation.stop()
            holder.abandon(ABANDON_LIMIT_S)
    return code if program.parting is None else _parted(program, program.parting)


def _parted(program: Program, words: ScribeError) -> int:
    """Say what could not be kept: to the person who closed the window, or to whoever reads."""
    if program.window is None or program.window.is_sent_away:
        say(str(words))
    else:
        tell_without_window(words)
    return Exit.FAILED


def _opened() -> Program:
    """The program; raises what neither a retry nor an emergency store mends."""
    if not has_screen():
        raise DesktopError(
            "There is no screen here that a window could open on.",
            "Start it from the desktop, or dictate without a window: scribe-desktop dictate",
        )
    places = find_places()
    unlocking = begin_unlocking(places)
    while True:
        try:
            return Program(places, unlocking, may_record=True)
        except KeyringSilent as locked:
            log.warning("waits for the keyring")
            make_application()
            if not is_tried_again(locked, lambda: unlocking.answers(ASK_LIMIT_S)):
                raise _ReadAlready(locked.message, locked.remedy) from locked


def _workplace(program: Program, workstation: Workstation, updates: UpdateWatch) -> Workplace:
    line, places = program.line, program.places
    return Workplace(
        speaker=Speaker(program.hearing.microphones),
        player=Player(
            program.hearing.microphones,
            program.hearing.recorded_speech,
            lambda error: line.tell(Trouble(error.message, error.remedy)),
        ),
        microphone_test=MicrophoneTest(program.hearing.microphones),
        exporter=Exports(line, program.audit),
        accounts=Accounts(line, program.accounts, program.client),
        lock=workstation.lock,
        idle_s=idle_s,
        diagnostics=Diagnostics(line, places.logs, lambda: examine(program)),
        weights=ModelFiles(),
        updates=updates,
        rule_files=RuleFiles(),
        keys=workstation.keys,
        devices=workstation.devices,
        insertion=workstation.insertion,
        follow_settings=workstation.follow_settings,
        run_template=AnotherTemplate(line, program.client_for),
        continue_session=line.continue_dictation,
        typed_text=program.typed_text,
        custody=Custody(program),
        own_templates=OwnTemplates(line, program.client),
        history=PastSessions(line, program.client, program.audit),
        documents=ServiceDocuments(line, program.client_for, program.audit),
    )
