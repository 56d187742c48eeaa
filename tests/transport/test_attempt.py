"""One try at one source: what is asked for, and how far an answer is believed."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence

import pytest

from network import DATA, PIECE, QUICK, wanted
from steadyset.practice import faults
from steadyset.practice.faults import Fault
from steadyset.practice.origin import Origin
from steadyset.practice.wire import Answer
from steadyset.transport.assembly import Assembly
from steadyset.transport.attempt import Outcome, attempt
from steadyset.transport.client import Client
from steadyset.transport.memory import MemorySink
from steadyset.transport.records import Ask, Wanted

SIZE = len(DATA)
HALF = SIZE // 2


class Trial:
    """One source with its faults, one sink, and any number of attempts."""

    def __init__(self, origin: Origin, client: Client) -> None:
        self.origin = origin
        self.sink = MemorySink()
        self._client = client
        self.assembly = Assembly(wanted(pieces=False), self.sink)

    def want(self, file: Wanted) -> None:
        self.assembly = Assembly(file, self.sink)

    def run(self, *set_faults: Fault, ask: Ask = "if-range", path: str = "file.bin") -> Outcome:
        self.origin.set_faults(set_faults)
        return attempt(self._client, self.origin.url_of(path), self.assembly, self.sink, ask=ask)

    @property
    def asked(self) -> dict[str, str]:
        """The headers of the last request."""
        return self.origin.requests[-1].headers


@pytest.fixture
def trial() -> Iterator[Trial]:
    with Origin({"file.bin": DATA, "file.gz": gzip.compress(DATA, 1)}) as origin, Client(QUICK) as client:
        yield Trial(origin, client)


CUT = faults.CutAfter(HALF)


@pytest.mark.parametrize("pieces", [True, False])
def test_a_good_answer_is_used_to_its_end(trial: Trial, *, pieces: bool) -> None:
    trial.want(wanted(pieces=pieces))
    assert trial.run() == Outcome(200, SIZE)
    assert trial.sink.data == DATA
    assert "range" not in trial.asked
    assert trial.asked["accept-encoding"] == "identity"


def test_what_the_source_says_is_noted(trial: Trial) -> None:
    trial.run()
    noted = trial.sink.noted()
    assert noted["url"] == trial.origin.url_of("file.bin")
    assert str(noted["etag"]).startswith('"')
    assert noted["last_modified"] == "Mon, 01 Jan 2024 00:01:00 GMT"
    assert noted["size"] == SIZE


def test_the_rest_is_asked_for_with_the_strong_validator(trial: Trial) -> None:
    cut = trial.run(CUT)
    assert cut.error
    assert (cut.error.code, cut.bytes) == ("SS107", HALF)
    assert trial.run() == Outcome(206, SIZE - HALF)
    assert trial.asked["range"] == f"bytes={HALF}-"
    assert trial.asked["if-range"] == trial.sink.noted()["etag"]
    assert trial.sink.data == DATA


def test_a_weak_validator_does_not_stand_in_if_range(trial: Trial) -> None:
    weak = faults.Validators("weak")
    trial.run(weak, CUT)
    trial.run(weak)
    assert trial.asked["if-range"] == "Mon, 01 Jan 2024 00:01:00 GMT"
    assert trial.sink.data == DATA


def test_with_pieces_bytes_are_trusted_not_validators(trial: Trial) -> None:
    trial.want(wanted())
    trial.run(CUT)
    trial.run()
    assert "if-range" not in trial.asked
    assert trial.sink.data == DATA


def test_one_bad_piece_is_asked_for_alone(trial: Trial) -> None:
    trial.sink.write_at(0, DATA)
    trial.sink.write_at(3 * PIECE + 7, b"wrong bytes")
    trial.want(wanted())
    assert trial.run() == Outcome(206, PIECE)
    assert trial.asked["range"] == f"bytes={3 * PIECE}-{4 * PIECE - 1}"
    assert trial.assembly.complete


def test_several_bad_pieces_come_out_of_one_whole_answer(trial: Trial) -> None:
    trial.sink.write_at(0, DATA)
    for index in (0, 2, 4):
        trial.sink.write_at(index * PIECE, b"wrong bytes")
    trial.want(wanted())
    outcome = trial.run(faults.NoRanges())
    assert (outcome.status, outcome.error, outcome.ask) == (200, None, "whole")
    assert trial.assembly.complete
    assert outcome.bytes < SIZE  # the end, which was held, was not read


def test_another_sources_validator_is_not_sent(trial: Trial) -> None:
    trial.run(CUT)
    trial.origin.put("copy.bin", DATA)
    trial.run(path="copy.bin")
    assert trial.asked["range"] == f"bytes={HALF}-"
    assert "if-range" not in trial.asked
    assert trial.sink.data == DATA


@pytest.mark.parametrize(
    "validators", [faults.Validators("none", last_modified=False), faults.Validators("weak", last_modified=False)]
)
def test_what_nothing_can_prove_is_not_continued(trial: Trial, validators: Fault) -> None:
    trial.want(wanted(pieces=False, digest=False, size=False))
    trial.run(validators, CUT)
    trial.run(validators)
    assert "range" not in trial.asked
    assert trial.sink.data == DATA


def test_a_digest_proves_what_validators_do_not(trial: Trial) -> None:
    none = faults.Validators("none", last_modified=False)
    trial.run(none, CUT)
    trial.run(none)
    assert trial.asked["range"] == f"bytes={HALF}-"
    assert "if-range" not in trial.asked
    assert trial.sink.data == DATA


OTHER = bytes(reversed(DATA))


@pytest.mark.parametrize("digest", [True, False])
def test_a_file_that_changed_is_begun_anew(trial: Trial, *, digest: bool) -> None:
    trial.want(wanted(OTHER, pieces=False, digest=digest, size=False))
    trial.run(CUT)
    outcome = trial.run(faults.Replaced(OTHER))
    assert (outcome.status, outcome.changed, outcome.error) == (200, True, None)
    assert trial.sink.data == OTHER


@pytest.mark.parametrize("digest", [True, False])
def test_a_206_of_another_file_is_refused(trial: Trial, *, digest: bool) -> None:
    trial.want(wanted(OTHER, pieces=False, digest=digest, size=False))
    trial.run(CUT)
    # Asked by a plain Range the origin cannot know that the file was begun as another.
    outcome = trial.run(faults.Replaced(OTHER), ask="range")
    assert outcome.error
    assert (outcome.status, outcome.error.code, outcome.changed) == (206, "SS138", True)
    assert trial.assembly.held == 0


def test_a_server_that_only_heeds_plain_ranges_is_asked_so(trial: Trial) -> None:
    trial.run(CUT)
    outcome = trial.run(faults.NoRanges(), faults.CutAfter(10))
    assert outcome.ask == "range"
    assert trial.assembly.held == HALF
    outcome = trial.run(faults.NoRanges(), faults.CutAfter(10), ask="range")
    assert outcome.ask == "whole"
    assert trial.run(ask="whole").status == 200
    assert "range" not in trial.asked
    assert trial.sink.data == DATA


REFUSED_PARTS: list[tuple[Fault, str]] = [
    (faults.RangeShifted(-5), "another range"),
    (faults.RangeShifted(+5), "another range"),
    (faults.RangeUnlabelled(), "another range"),
    (faults.RangeMultipart(), "another range"),
    (faults.RangeRefused(), "does not exist"),
    (faults.Appended(b"more"), "another range"),
    (faults.Truncated(SIZE - 5), "another range"),
]


@pytest.mark.parametrize(("fault", "said"), REFUSED_PARTS)
def test_a_part_that_does_not_fit_costs_nothing_that_is_held(trial: Trial, fault: Fault, said: str) -> None:
    trial.run(CUT)
    outcome = trial.run(fault)
    assert outcome.error
    assert (outcome.error.code, outcome.ask) == ("SS138", "whole")
    assert said in outcome.error.message
    assert trial.assembly.held == HALF


def test_a_range_that_lies_is_found_out_by_its_piece(trial: Trial) -> None:
    trial.want(wanted())
    trial.run(CUT)
    outcome = trial.run(faults.RangeShifted(1, lying=True))
    assert outcome.error
    assert outcome.error.code == "SS203"
    assert outcome.bytes <= HALF
    assert trial.assembly.held <= HALF


PAGES: list[tuple[Fault, str]] = [
    (faults.Portal(), "SS135"),
    (faults.Quota(), "SS135"),
    (faults.LfsPointer(), "SS135"),
    (faults.Empty(), "SS107"),
]


@pytest.mark.parametrize(("fault", "code"), PAGES)
@pytest.mark.parametrize("segments", [None, faults.TinySegments(3)])
@pytest.mark.parametrize("digest", [True, False])
def test_a_page_costs_nothing_that_is_held(
    trial: Trial, fault: Fault, code: str, segments: Fault | None, *, digest: bool
) -> None:
    trial.want(wanted(pieces=False, digest=digest))
    trial.run(CUT)
    noted = trial.sink.noted()
    outcome = trial.run(fault, *([segments] if segments else []))
    assert outcome.error
    assert outcome.error.code == code
    assert trial.assembly.held == HALF
    assert trial.sink.noted() == noted
    assert trial.run() == Outcome(206, SIZE - HALF)


def test_a_page_that_is_wanted_is_taken(trial: Trial) -> None:
    page = faults.portal_page()
    trial.origin.put("login.html", page)
    trial.want(Wanted("login.html", len(page)))
    assert trial.run(path="login.html").error is None


STATUSES = [
    (400, "SS139"),
    (401, "SS131"),
    (403, "SS131"),
    (404, "SS132"),
    (410, "SS132"),
    (418, "SS139"),
    (429, "SS133"),
    (451, "SS139"),
    (500, "SS134"),
    (503, "SS134"),
    (511, "SS135"),
    (599, "SS134"),
    (204, "SS139"),
    (300, "SS139"),
    (304, "SS139"),
    (407, "SS112"),
]


@pytest.mark.parametrize(("status", "code"), STATUSES)
def test_statuses_have_their_codes(trial: Trial, status: int, code: str) -> None:
    outcome = trial.run(faults.Status(status))
    assert outcome.error
    assert (outcome.status, outcome.error.code) == (status, code)
    assert ("status", str(status)) in [tuple(e) for e in outcome.error.evidence]


def test_retry_after_is_handed_on(trial: Trial) -> None:
    assert trial.run(faults.Status(503, 7)).retry_after == "7"
    assert str(trial.run(faults.Status(429, 7, as_date=True)).retry_after).endswith("GMT")


CODINGS: list[tuple[str, Sequence[Fault], bool]] = [
    ("wrapped on the fly", [faults.Gzip(always=True)], True),
    ("wrapped on the fly, in chunks", [faults.Gzip(always=True), faults.Chunked()], True),
    ("labelled, and not wrapped", [faults.Mislabelled()], True),
    ("labelled, and not wrapped, in chunks", [faults.Mislabelled(), faults.Chunked()], True),
    ("labelled in tiny segments", [faults.Mislabelled(), faults.Chunked(size=5), faults.TinySegments(3)], True),
    ("labelled br, and not wrapped", [faults.Mislabelled("br")], True),
    ("labelled br, in chunks", [faults.Mislabelled("br"), faults.Chunked()], False),
    ("an unknown label", [faults.Mislabelled("aws-chunked"), faults.Chunked()], True),
]


@pytest.mark.parametrize("path", ["file.bin", "file.gz"])
@pytest.mark.parametrize(("_", "set_faults", "works"), CODINGS, ids=[c[0] for c in CODINGS])
def test_content_codings_are_told_apart(
    trial: Trial, path: str, _: str, set_faults: Sequence[Fault], *, works: bool
) -> None:
    data = DATA[:5000] if "tiny" in _ else DATA
    data = data if path == "file.bin" else gzip.compress(data, 1)
    trial.origin.put(path, data)
    trial.want(wanted(data, pieces=False, name=path))
    outcome = trial.run(*set_faults, path=path)
    assert (outcome.error is None) == works
    assert bytes(trial.sink.data) == (data if works else b"")


def test_a_labelled_file_is_resumed(trial: Trial) -> None:
    label = faults.Mislabelled("x-gzip")
    data = gzip.compress(DATA, 1)
    trial.want(wanted(data, pieces=False, name="file.gz"))
    trial.run(label, CUT, path="file.gz")
    assert trial.run(label, path="file.gz") == Outcome(206, len(data) - HALF)
    assert trial.sink.data == data


def test_a_wrapped_body_that_ends_early_is_not_the_file(trial: Trial) -> None:
    trial.want(wanted(pieces=False, digest=False, size=False))

    class Shortened(Fault):
        def on_answer(self, answer: Answer) -> Answer:
            return answer.amended({}, body=bytes(answer.body)[:-20])

    outcome = trial.run(faults.Gzip(always=True), Shortened())
    assert outcome.error
    assert outcome.error.code == "SS107"
    assert not trial.assembly.complete


def test_a_body_that_expands_without_end_is_not_read_to_it(trial: Trial) -> None:
    trial.want(Wanted("f", None, None, most_bytes=1 << 20))
    trial.origin.put("file.bin", bytes(64 << 20))
    outcome = trial.run(faults.Gzip(always=True))
    assert outcome.error
    assert outcome.error.code == "SS135"
    assert len(trial.sink.data) <= 1 << 20


@pytest.mark.parametrize("length", [True, False])
def test_a_file_of_unknown_size_is_bounded(trial: Trial, *, length: bool) -> None:
    trial.want(Wanted("f", None, None, most_bytes=HALF))
    outcome = trial.run(*([] if length else [faults.Chunked()]))
    assert outcome.error
    assert outcome.error.code == "SS135"
    assert outcome.bytes < SIZE
    assert len(trial.sink.data) <= HALF


@pytest.mark.parametrize("chunked", [True, False])
def test_the_size_is_learnt_from_the_answer(trial: Trial, *, chunked: bool) -> None:
    trial.want(wanted(pieces=False, size=False))
    assert trial.run(*([faults.Chunked()] if chunked else [])).error is None
    assert trial.assembly.complete
    assert trial.assembly.finish()


def test_the_end_of_a_file_of_unknown_size_is_learnt_from_a_416(trial: Trial) -> None:
    trial.want(wanted(pieces=False, digest=False, size=False))
    assert trial.run(faults.Chunked("missing")).error is not None
    assert trial.assembly.held == SIZE
    assert not trial.assembly.complete
    assert trial.run() == Outcome(416, 0)
    assert trial.assembly.complete


def test_a_part_of_unknown_total_is_not_the_end(trial: Trial) -> None:
    class Shy(Fault):
        """Answers a hundred bytes at most, and does not tell of how many."""

        def on_answer(self, answer: Answer) -> Answer:
            if answer.span is None:
                return answer
            start = answer.span.start
            return answer.amended({"Content-Range": f"bytes {start}-{start + 99}/*"}, body=DATA[start : start + 100])

    trial.want(wanted(pieces=False, size=False))
    trial.run(faults.Chunked(), faults.CutAfter(HALF))
    assert trial.run(Shy()) == Outcome(206, 100)
    assert trial.assembly.held == HALF + 100
    assert not trial.assembly.complete


@pytest.mark.parametrize("by", [+10, +100_000])
def test_a_length_that_says_too_much_does_no_harm(trial: Trial, by: int) -> None:
    assert trial.run(faults.WrongLength(by)) == Outcome(200, SIZE)


def test_a_length_that_says_too_little_loses_only_the_end(trial: Trial) -> None:
    outcome = trial.run(faults.WrongLength(-10))
    assert outcome.error
    assert (outcome.error.code, trial.assembly.held) == ("SS107", SIZE - 10)
    assert trial.run() == Outcome(206, 10)
    assert trial.sink.data == DATA


def test_the_connection_serves_the_next_request(trial: Trial) -> None:
    for _ in range(3):
        trial.sink.resize(0)
        trial.want(wanted())
        trial.run()
    assert {r.connection for r in trial.origin.requests} == {1}


def stalled(trial: Trial) -> Outcome:
    with Client(QUICK._replace(idle=0.2, slowest=1e6)) as client:
        return attempt(client, trial.origin.url_of("file.bin"), trial.assembly, trial.sink)


SILENCES: list[Callable[[], Fault]] = [
    lambda: faults.Delay(9),
    lambda: faults.StallHead(9),
    lambda: faults.StallAfter(HALF, 9),
    lambda: faults.Drip(300, 0.02),
]


@pytest.mark.parametrize("fault", SILENCES)
def test_silence_and_dripping_are_stalls(trial: Trial, fault: Callable[[], Fault]) -> None:
    trial.origin.set_faults([fault()])
    outcome = stalled(trial)
    assert outcome.error
    assert outcome.error.code == "SS106"
