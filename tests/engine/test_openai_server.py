"""The engine over a server that behaves, and over one that does not."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import (
    Chunk,
    Conversation,
    LengthGoal,
    LengthMode,
    Request,
    Sampling,
    assistant,
    user,
)  # fmt: skip
from longwriter_ui.engine.openai_client import Patience
from longwriter_ui.engine.openai_server import OpenAIEngine, listed
from longwriter_ui.errors import ContextTooSmall, EngineError, LoadCancelled, ServerError
from longwriter_ui.events import Reading
from longwriter_ui.prompts import asker, plan_form, plan_grammar
from longwriter_ui.server import Server
from tests.engine.answers import ask
from tests.openai_server import HANG, FakeServer, Fault

SOON = (("Retry-After-Ms", "1"),)
TEXT = "The harbour wakes before the sun does. Nets are mended on the quay. Gulls argue over what was left."
ASKED = (user("Write the next paragraph."),)
QUICK = Patience(busy=1.0, gone=1.0)
Connect = Callable[..., OpenAIEngine]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    for name in ("LONGWRITER_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with FakeServer(lambda asked: TEXT).serving() as fake:
        yield fake


@pytest.fixture
def connect(server: FakeServer) -> Iterator[Connect]:
    opened: list[OpenAIEngine] = []

    def one(model: str = "", *, patience: Patience = QUICK, **options: object) -> OpenAIEngine:
        opened.append(OpenAIEngine.connect(Server(server.address, model, **options), patience))  # type: ignore[arg-type]
        return opened[-1]

    yield one
    for engine in opened:
        engine.close()


def chunks_of(engine: OpenAIEngine, requests: list[Request]) -> list[Chunk]:
    return [event for event in engine.stream_together(requests, threading.Event()) if isinstance(event, Chunk)]


def text_of(chunks: list[Chunk], variant: int = 0) -> str:
    return "".join(chunk.text for chunk in chunks if chunk.variant == variant)


# what is asked, and what comes


def test_a_conversation_is_sent_as_messages_and_the_only_model_is_taken(server: FakeServer, connect: Connect):
    server.usage = {"prompt_tokens": 9, "completion_tokens": 30, "prompt_tokens_details": {"cached_tokens": 4}}
    engine = connect()
    asked = (user("first"), assistant("ok"), user("hello"))
    answer = ask(engine, asked, 50, sampling=Sampling(0.7, 0.9, seed=7))
    assert answer.text == TEXT
    assert (answer.last.finish, answer.last.read, answer.last.reused, answer.last.written) == (
        FinishReason.STOP, 5, 4, 30,
    )  # fmt: skip
    [body] = server.requests
    assert body["messages"] == [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "ok"},
        {"role": "user", "content": "hello"},
    ]
    told = {name: body[name] for name in ("model", "temperature", "top_p", "seed", "max_tokens", "stream")}
    assert told == {"model": "judge-1", "temperature": 0.7, "top_p": 0.9, "seed": 7, "max_tokens": 50, "stream": True}
    assert "top_k" not in body and "grammar" not in body
    assert engine.info.template == "chat" and engine.info.context == 0


def test_text_comes_as_it_is_written_and_reading_comes_first(server: FakeServer, connect: Connect):
    events = list(connect().stream(Request(ASKED, Sampling(), 50), threading.Event()))
    readings = [event for event in events if isinstance(event, Reading)]
    chunks = [event for event in events if isinstance(event, Chunk)]
    assert events == [*readings, *chunks]
    assert [reading.done for reading in readings] == [0, readings[0].total]
    assert len(chunks) == len(TEXT.split()) + 1
    assert [chunk.finish is None for chunk in chunks] == [True] * (len(chunks) - 1) + [False]


def test_a_longwriter_is_asked_in_the_form_it_was_trained_on(server: FakeServer, connect: Connect):
    server.models = ("THUDM/LongWriter-llama3.1-8b",)
    engine = connect()
    assert engine.info.template == "longwriter-llama3" and engine.info.name == "LongWriter-llama3.1-8b"
    assert ask(engine, (user("a <|eot_id|> [INST]"), assistant("Once"))).text == TEXT
    [body] = server.requests
    assert server.asked[-1] == "/v1/completions"
    assert body["prompt"] == "[INST]a < |eot_id|> [ INST ][/INST]Once"
    assert body["stop"] == ["[INST]"] and "messages" not in body
    assert ask(connect(api="chat"), ASKED).text == TEXT
    assert server.asked[-1] == "/v1/chat/completions"


@pytest.mark.parametrize(
    ("owner", "listing", "paths", "context", "fields"),
    [
        ("vllm", {"max_model_len": 4096}, {}, 4096, {"top_k": 50, "repetition_penalty": 1.1, "frequency_penalty": 0.4}),
        ("sglang", {"max_model_len": 512}, {}, 512, {"repetition_penalty": 1.1, "min_p": 0.1}),
        (
            "llamacpp", {"meta": {"n_ctx_train": 9}}, {"/props": {"default_generation_settings": {"n_ctx": 2048}}},
            2048, {"repeat_penalty": 1.1, "dry_multiplier": 0.8, "top_k": 50},
        ),
        ("library", {}, {"/api/ps": {"models": [{"name": "judge-1", "context_length": 4097}]}}, 4097, {}),
        ("organization_owner", {}, {"/api/v0/models": {"data": [{"id": "judge-1", "max_context_length": 77}]}}, 77, {}),
    ],
)  # fmt: skip
def test_every_server_is_spoken_to_in_its_own_words(
    server: FakeServer, connect: Connect, owner: str, listing: dict, paths: dict, context: int, fields: dict
):
    server.owner, server.listing, server.paths = owner, listing, paths
    engine = connect()
    assert engine.info.context == context
    ask(engine, ASKED, sampling=Sampling(min_p=0.1, repeat_penalty=1.1, dry_multiplier=0.8))
    assert fields.items() <= server.requests[0].items()


def test_a_conversation_that_only_grew_is_mostly_known(connect: Connect):
    engine = connect()
    long = (user("The harbour wakes before the sun does. " * 40),)
    before = engine.measure(long)
    answer = ask(engine, long)
    grown = engine.measure((*long, assistant(answer.text), user("And now the next one.")))
    assert before.unread == before.total
    assert grown.total > before.total and grown.unread < 30


def test_sizes_come_nearer_the_truth_once_the_server_has_counted(server: FakeServer, connect: Connect):
    engine, text = connect(), "word " * 100
    before = engine.measure((user(text),)).total
    server.usage = {"prompt_tokens": 100, "completion_tokens": 5}
    ask(engine, (user(text),))
    assert before > 120 and abs(engine.measure((user(text),)).total - 100) < 8


def test_the_requests_of_a_piece_share_a_session_for_routers(server: FakeServer, connect: Connect):
    engine = connect()
    for conversation in (ASKED, (*ASKED, assistant("ok"), user("next")), (user("Another piece."),)):
        ask(engine, conversation)
    first, second, other = server.sessions
    assert first and first == second != other


# plans


PLAN = {"steps": [{"main_point": "The tides come in", "words": 200}, {"main_point": "The boats go out", "words": 300}]}
LINES = (
    "Paragraph 1 - Main Point: The tides come in - Word Count: 200 words\n"
    "Paragraph 2 - Main Point: The boats go out - Word Count: 300 words"
)


def plan_request() -> Request:
    return Request(ASKED, Sampling(), 500, plan_grammar("en"), form=plan_form("en"))


def test_a_plan_is_asked_for_as_json_and_comes_as_lines(server: FakeServer, connect: Connect):
    server.reply = lambda asked: json.dumps(PLAN)
    chunks = chunks_of(connect(), [plan_request()])
    assert text_of(chunks) == LINES
    assert [chunk.text for chunk in chunks if chunk.text] == [LINES.split("\n")[0], "\n" + LINES.split("\n")[1]]
    [body] = server.requests
    assert body["response_format"]["json_schema"]["schema"]["required"] == ["steps"]
    assert "JSON" in body["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("owner", "field"), [("llamacpp", "grammar"), ("me", "grammar"), ("vllm", "structured_outputs"), ("sglang", "ebnf")]
)
def test_a_server_that_knows_grammars_gets_one(server: FakeServer, connect: Connect, owner: str, field: str):
    server.owner, server.reply = owner, lambda asked: LINES
    assert text_of(chunks_of(connect(), [plan_request()])) == LINES
    assert plan_grammar("en") in json.dumps(server.requests[0][field]).encode().decode("unicode_escape")
    assert "response_format" not in server.requests[0]


def test_a_server_that_knows_neither_is_read_as_it_writes(server: FakeServer, connect: Connect):
    server.refuses, server.reply = ("response_format", "stream_options"), lambda asked: LINES
    engine = connect()
    for _ in range(2):
        assert text_of(chunks_of(engine, [plan_request()])) == LINES
    assert [("response_format" in body, "stream_options" in body) for body in server.requests] == [
        (True, True), (True, False), (False, False), (False, False),
    ] or [("response_format" in body, "stream_options" in body) for body in server.requests] == [
        (True, True), (False, True), (False, False), (False, False),
    ]  # fmt: skip
    assert "JSON" not in server.requests[-1]["messages"][-1]["content"]


def test_a_server_that_ignores_the_form_is_taken_at_its_word(server: FakeServer, connect: Connect):
    server.reply = lambda asked: LINES
    assert text_of(chunks_of(connect(), [plan_request()])) == LINES


def test_thoughts_are_no_part_of_the_answer(server: FakeServer, connect: Connect):
    server.reply = lambda asked: "<think>What do they want? Nets?</think>\n\nThe nets dry."
    assert ask(connect(), ASKED).text == "The nets dry."
    server.reply = lambda asked: "<th is no tag"
    assert ask(connect(), ASKED).text == "<th is no tag"


# going on


def test_what_was_begun_is_gone_on_with_where_the_server_can(server: FakeServer, connect: Connect):
    server.owner = "vllm"
    assert ask(connect(), (*ASKED, assistant("The harbour"))).text == TEXT
    assert server.requests[0]["continue_final_message"] is True
    assert server.requests[0]["add_generation_prompt"] is False


@pytest.mark.parametrize("begun", ["The harbour wakes", "The harbour wakes ", " The harbour wakes before the sun"])
def test_what_was_begun_is_not_said_twice(connect: Connect, begun: str):
    assert (begun.strip() + ask(connect(), (*ASKED, assistant(begun))).text).split() == TEXT.split()


def test_what_goes_on_by_itself_stays_whole(server: FakeServer, connect: Connect):
    server.reply = lambda asked: " The sea is calm."
    assert ask(connect(), (*ASKED, assistant("The harbour wakes."))).text == " The sea is calm."


# lengths and loops


def test_an_answer_ends_with_the_sentence_that_is_long_enough(server: FakeServer, connect: Connect):
    goal = LengthGoal(7, "en", LengthMode.GENTLE)
    request = Request(ASKED, Sampling(), 100, length=goal)
    server.pause = 0.02
    chunks = chunks_of(connect(), [request])
    assert text_of(chunks) == "The harbour wakes before the sun does. Nets are mended on the quay."
    assert chunks[-1].finish is FinishReason.STOP
    assert server.left.wait(5), "the rest is not waited for"


def test_an_answer_that_repeats_itself_is_broken_off(server: FakeServer, connect: Connect):
    server.reply = lambda asked: "The boats come in and the boats go out. " * 200
    chunks = chunks_of(connect(), [Request(ASKED, Sampling(), 9000, guarded=True)])
    assert chunks[-1].finish is FinishReason.LOOP
    assert len(text_of(chunks).split()) < 120


def test_an_answer_is_broken_off_where_it_asks_for_the_next(server: FakeServer, connect: Connect):
    text = "The boats come in and the boats go out again."
    server.reply = lambda asked: f"{text}\nParagraph 2 - Main Point: the quay - Word Count: 90 words\n" * 50
    chunks = chunks_of(connect(), [Request(ASKED, Sampling(), 9000, asker=asker("en"))])
    assert chunks[-1].finish is FinishReason.STOP
    assert text_of(chunks).startswith(f"{text}\nParagraph 2 - Main Point:")
    assert len(text_of(chunks).split()) < 30


def test_a_length_limit_is_a_finish_reason(server: FakeServer, connect: Connect):
    server.finish = "length"
    assert ask(connect(), ASKED).last.finish is FinishReason.LENGTH


# several at once


def seeds(count: int, conversation: Conversation = ASKED) -> list[Request]:
    return [Request(conversation, Sampling(seed=n), 50) for n in range(count)]


def test_alternatives_are_one_request(server: FakeServer, connect: Connect):
    chunks = chunks_of(connect(), seeds(3))
    assert [text_of(chunks, n) for n in range(3)] == [TEXT, TEXT.upper(), TEXT.upper()]
    assert [body.get("n") for body in server.requests] == [3]
    for variant in range(3):
        own = [chunk for chunk in chunks if chunk.variant == variant]
        assert [chunk.finish is None for chunk in own] == [True] * (len(own) - 1) + [False]


@pytest.mark.parametrize("refuses", [(), ("n",)])
def test_a_server_that_gives_one_answer_is_asked_again(server: FakeServer, connect: Connect, refuses: tuple[str, ...]):
    server.several, server.refuses = False, refuses
    engine = connect()
    for _ in range(2):
        chunks = chunks_of(engine, seeds(3))
        assert [text_of(chunks, n) for n in range(3)] == [TEXT] * 3
        assert sum(chunk.finish is FinishReason.STOP for chunk in chunks) == 3
    assert [body.get("n") for body in server.requests].count(3) == 1, "it is not asked for what it does not know again"


def test_requests_in_flight_are_limited(server: FakeServer, connect: Connect):
    server.pause = 0.01
    requests = [Request((user(f"Step {n}"),), Sampling(), 50) for n in range(7)]
    chunks = chunks_of(connect(at_once=3), requests)
    assert [text_of(chunks, n) for n in range(7)] == [TEXT] * 7
    assert server.most == 3


def test_one_refusal_does_not_take_the_others_along(server: FakeServer, connect: Connect):
    server.faults = [Fault(after=3, line=json.dumps({"choices": [{"index": 0, "finish_reason": "content_filter"}]}))]
    requests = [Request((user(f"Step {n}"),), Sampling(), 50) for n in range(3)]
    chunks: list[Chunk] = []
    with pytest.raises(EngineError, match="refuses to write") as caught:
        for event in connect(at_once=1).stream_together(requests, threading.Event()):
            if isinstance(event, Chunk):
                chunks.append(event)
    assert [text_of(chunks, n) == TEXT for n in range(3)] == [False, True, True]
    assert not caught.value.retryable and "main point" in caught.value.hint


def test_an_answer_that_has_its_end_is_whole_however_the_stream_ends(server: FakeServer, connect: Connect):
    server.unclean = True
    answer = ask(connect(), ASKED)
    assert (answer.text, answer.last.finish) == (TEXT, FinishReason.STOP)
    chunks = chunks_of(connect(), seeds(2))
    assert [chunk.finish for chunk in chunks if chunk.finish] == [FinishReason.STOP] * 2
    assert len(server.requests) == 2


# stopping


def test_a_cancel_closes_the_connection_at_once(server: FakeServer, connect: Connect):
    server.reply, server.pause = lambda asked: "word " * 5000, 0.02
    engine, cancel = connect(), threading.Event()
    events = []
    for event in engine.stream(Request(ASKED, Sampling(), 9000), cancel):
        events.append(event)
        if isinstance(event, Chunk) and event.written > 3:
            cancel.set()
    assert events[-1].finish is FinishReason.CANCELLED
    assert server.left.wait(5), "the server computes on"
    server.reply, server.pause = lambda asked: TEXT, 0.0
    assert ask(engine, ASKED).text == TEXT


def test_a_cancel_ends_the_wait_for_a_server_that_hangs(server: FakeServer, connect: Connect):
    server.faults = [Fault(after=0, line=HANG)]
    engine, cancel = connect(patience=Patience()), threading.Event()
    threading.Timer(0.3, cancel.set).start()
    events = list(engine.stream(Request(ASKED, Sampling(), 50), cancel))
    assert events[-1].finish is FinishReason.CANCELLED  # type: ignore[union-attr]


def test_a_cancel_before_the_start_asks_nothing(server: FakeServer, connect: Connect):
    cancel = threading.Event()
    cancel.set()
    answer = ask(connect(), ASKED, cancel=cancel)
    assert (answer.text, answer.last.finish, answer.last.written) == ("", FinishReason.CANCELLED, 0)
    assert server.requests == []


def test_a_listener_that_leaves_closes_the_connection(server: FakeServer, connect: Connect):
    server.reply, server.pause = lambda asked: "word " * 5000, 0.02
    engine = connect()
    stream = engine.stream(Request(ASKED, Sampling(), 9000), threading.Event())
    while not isinstance(next(stream), Chunk):
        pass
    with pytest.raises(EngineError, match="something else") as caught:
        ask(engine, ASKED)
    assert caught.value.retryable
    stream.close()  # type: ignore[attr-defined]
    assert server.left.wait(5)
    server.pause = 0.0
    assert ask(engine, ASKED).text.startswith("word")


def test_closing_ends_its_thread_and_what_runs(server: FakeServer, connect: Connect):
    server.reply, server.pause = lambda asked: "word " * 5000, 0.02
    before = set(threading.enumerate())
    engine = connect()
    stream = engine.stream(Request(ASKED, Sampling(), 9000), threading.Event())
    while not isinstance(next(stream), Chunk):
        pass
    assert "longwriter-server" in {thread.name for thread in set(threading.enumerate()) - before}
    engine.close()
    engine.close()
    assert server.left.wait(5)
    assert not {thread.name for thread in set(threading.enumerate()) - before} & {"longwriter-server", "asyncio_0"}
    with pytest.raises(EngineError, match="closed"):
        list(stream)
    with pytest.raises(EngineError, match="closed"):
        ask(engine, ASKED)


# what goes wrong


@pytest.mark.parametrize(
    "fault",
    [
        Fault(429, b'{"error": {"message": "slow down"}}', headers=SOON),
        Fault(503, b'{"error": {"message": "Loading model"}}', headers=SOON),
        Fault(500, b"oops", headers=SOON),
        Fault(200, b'{"id": "1", "choi', cut=True),
        Fault(after=0, line='{"choices": [{"index": 0, "del'),
        Fault(after=0, line='{"error": {"message": "out of memory", "code": 500}}'),
    ],
)
def test_what_may_pass_is_tried_again(server: FakeServer, connect: Connect, fault: Fault):
    server.faults = [fault]
    assert ask(connect(patience=Patience()), ASKED).text == TEXT
    assert len(server.requests) == 2


def test_a_server_says_itself_when_it_may_be_asked_again(server: FakeServer, connect: Connect):
    server.faults = [Fault(429, b"{}", headers=(("Retry-After", "0.7"),))]
    began = time.monotonic()
    assert ask(connect(), ASKED).text == TEXT
    assert time.monotonic() - began >= 0.7  # not a speed: what it asked for
    server.faults = [Fault(429, b"{}", headers=(("Retry-After", "3600"),))]
    with pytest.raises(ServerError, match="too much to do"):
        ask(connect(), ASKED)


@pytest.mark.parametrize("owner", ["vllm", "llamacpp"])
def test_an_answer_that_breaks_off_is_gone_on_with(server: FakeServer, connect: Connect, owner: str):
    server.owner = owner
    server.faults = [Fault(after=4, line='{"error": {"message": "worker died", "code": 500}}')]
    rest = TEXT.removeprefix("The harbour wakes before")
    whole = iter([TEXT, rest])
    server.reply = lambda asked: next(whole)
    answer = ask(connect(), ASKED)
    assert answer.text == TEXT
    assert server.requests[1]["messages"][-1] == {"role": "assistant", "content": "The harbour wakes before"}
    assert server.requests[1]["max_tokens"] == server.requests[0]["max_tokens"] - 4


@pytest.mark.parametrize(
    ("fault", "message", "retryable"),
    [
        (Fault(429, b"{}", headers=SOON), "too much to do", True),
        (Fault(503, b"{}", headers=SOON), "answers 503", True),
        (Fault(400, b'{"error": {"message": "no"}}'), "answers 400: .*no", False),
        (Fault(404, b"{}"), "answers 404.* /v1", False),
        (Fault(307, b"", headers=(("Location", "http://127.0.0.1:9/v1"),)), "answers 307", False),
        (Fault(401, b"{}"), "refuses the key", False),
        (Fault(429, b'{"error": {"code": "insufficient_quota"}}'), "no quota left", False),
        (Fault(200, b'{"id": "1", "choi', cut=True), "broke off|cannot be reached", True),
        (Fault(after=5, line='{"choices": [{"index": 0, "del'), "broke off", True),
        (Fault(after=5, line='{"error": {"message": "worker died"}}'), "broke off its answer: .*worker died", True),
        (Fault(after=5, line=HANG), "hangs", True),
        (Fault(after=0, line=HANG), "hangs", True),
        (Fault(after=3, line='{"choices": [{"index": 0, "delta": {"refusal": "No."}}]}'), "refuses.*: No", False),
        (Fault(400, b'{"error": {"message": "x", "code": "content_filter"}}'), "refuses to write", False),
    ],
)
def test_what_does_not_pass_is_told(server: FakeServer, connect: Connect, fault: Fault, message: str, retryable: bool):
    silence = 0.5 if fault.line == HANG else 60.0
    engine = connect(patience=Patience(first=silence, between=silence, busy=0.01, gone=0.01))
    server.faults = [fault] * 20
    with pytest.raises(EngineError, match=message) as caught:
        ask(engine, ASKED)
    assert caught.value.retryable is retryable
    server.faults = []
    if fault.line != HANG:
        assert ask(engine, ASKED).text == TEXT


@pytest.mark.parametrize(
    ("body", "needed", "available"),
    [
        (
            b'{"error": {"message": "This model\'s maximum context length is 64 tokens. However, your request has 90 '
            b'input tokens.", "code": 400}}', 91, 64,
        ),
        (
            b'{"error": {"code": 400, "type": "exceed_context_size_error", "message": "the request exceeds the '
            b'available context size", "n_prompt_tokens": 90, "n_ctx": 64}}', 91, 64,
        ),
        (
            b'{"error": {"message": "This model\'s maximum context length is 64 tokens, however you requested 140 '
            b'tokens (90 in your prompt; 50 for the completion).", "code": "context_length_exceeded"}}', 91, 64,
        ),
        (
            b'{"error": {"message": "The input (90 tokens) is longer than the model\'s context length (64 tokens).", '
            b'"code": 400}}', 91, 64,
        ),
    ],
)  # fmt: skip
def test_a_prompt_that_does_not_fit_is_told_with_its_numbers(
    server: FakeServer, connect: Connect, body: bytes, needed: int, available: int
):
    server.faults = [Fault(400, body)]
    with pytest.raises(ContextTooSmall, match="shorter piece") as caught:
        ask(connect(), ASKED)
    assert (caught.value.needed, caught.value.available) == (needed, available)


def test_an_answer_that_does_not_fit_is_asked_for_shorter(server: FakeServer, connect: Connect):
    said = "'max_tokens' is too large: 500. This model's maximum context length is 64 tokens and your request has 23 "
    server.faults = [Fault(400, json.dumps({"error": {"message": said + "input tokens (500 > 64 - 23)"}}).encode())]
    assert ask(connect(), ASKED, 500).text == TEXT
    assert [body["max_tokens"] for body in server.requests] == [500, 40]


def test_what_cannot_fit_is_refused_without_a_request(server: FakeServer, connect: Connect):
    engine = connect(context=64)
    engine.reserve(64)
    with pytest.raises(ContextTooSmall) as caught:
        engine.reserve(65)
    assert (caught.value.needed, caught.value.available) == (65, 64)
    with pytest.raises(ContextTooSmall):
        ask(engine, (user("word " * 400),))
    assert server.requests == []


def test_a_server_that_is_not_there_or_has_no_such_model_is_told(server: FakeServer, connect: Connect):
    with pytest.raises(ServerError, match="cannot be reached"):
        OpenAIEngine.connect(Server("http://127.0.0.1:9/v1", "m"), Patience(gone=0.01))
    with pytest.raises(ServerError, match=r"no model 'other'.*judge-1"):
        connect("other")
    server.models = ("a", "b")
    with pytest.raises(ServerError, match="has 2 models: a, b"):
        connect()
    assert connect("b").info.model == "b"
    assert listed(Server(server.address)) == ("a", "b")
    server.models = ("llama3:latest",)
    assert connect("llama3").info.model == "llama3:latest"
    assert "longwriter-server" in [thread.name for thread in threading.enumerate()]


def test_connecting_can_be_given_up(server: FakeServer):
    before = set(threading.enumerate())
    with pytest.raises(LoadCancelled):
        OpenAIEngine.connect(Server("http://127.0.0.1:9/v1", "m"), Patience(gone=60), given_up=lambda: True)
    assert not {thread.name for thread in set(threading.enumerate()) - before} & {"longwriter-server", "asyncio_0"}


# keys


def test_a_key_goes_to_its_server_and_to_nobody_else(
    server: FakeServer, connect: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("LONGWRITER_API_KEY", "sk-very-secret")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-somebody-else")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody-else")
    engine = connect(patience=Patience(busy=0.01, gone=0.01))
    said = [
        Fault(400, b'{"error": {"message": "bad key sk-very-secret"}}'),
        Fault(401, b"sk-very-secret"),
        Fault(after=0, line='{"error": {"message": "bad key sk-very-secret", "code": 400}}'),
        Fault(after=2, line='{"choices": [{"index": 0, "delta": {"refusal": "sk-very-secret"}}]}'),
    ]
    for fault in said:
        server.faults = [fault] * 20
        with pytest.raises(EngineError) as caught:
            ask(engine, ASKED)
        assert "secret" not in f"{caught.value} {caught.value!r}"
    server.faults = []
    ask(engine, ASKED)
    assert set(server.keys) == {"Bearer sk-very-secret"}
    assert "secret" not in repr(engine.info) and "secret" not in repr(Server(server.address))
    assert "secret" not in caplog.text and "somebody" not in caplog.text
