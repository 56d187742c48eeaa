"""Real handshakes, real proxies, real redirects: each failure has its true name, and nothing leaks."""

from __future__ import annotations

import datetime
import json
import os
import pickle
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from network import DATA, QUICK, VARIABLES, Errand, Proxy, Server, dead_port, fetch, read_head, server_context, wanted
from steadyset.errors import FetchError, HTTPStatusError, ProxyError, SteadysetError, TLSError
from steadyset.practice import faults
from steadyset.practice.origin import Origin
from steadyset.store.layout import Layout
from steadyset.store.partials import Partial
from steadyset.transport.client import USER_AGENT, Client
from steadyset.transport.client import _context as client_context

NAME = "file.bin"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


def secure(certificate: trustme.LeafCert, *set_faults: faults.Fault) -> Origin:
    return Origin({NAME: DATA}, set_faults, tls=server_context(certificate))


def failing(*urls: str) -> FetchError:
    """Return the error of a fetch that fails."""
    with pytest.raises(FetchError) as caught:
        fetch(wanted(), *urls)
    return caught.value


# TLS


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_a_trusted_authority_is_accepted(authority: trustme.CA) -> None:
    with secure(authority.issue_cert("127.0.0.1"), faults.CutAfter(50_000)) as origin:
        assert fetch(wanted(), origin.url_of(NAME)).data == DATA


def test_a_directory_of_authorities_is_heeded(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    subprocess.run(["openssl", "rehash", str(tmp_path)], check=True)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    with secure(authority.issue_cert("127.0.0.1")) as origin:
        assert fetch(wanted(), origin.url_of(NAME)).data == DATA


@pytest.mark.parametrize("store", ["strangers'", "the machine's"])
def test_an_unknown_authority_is_named_and_not_asked_again(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    if store == "the machine's":
        monkeypatch.delenv("SSL_CERT_FILE")
    with secure(authority.issue_cert("127.0.0.1")) as origin:
        error = failing(origin.url_of(NAME))
    assert isinstance(error, TLSError)
    assert (error.code, len(error.attempts)) == ("SS121", 1)


PAST = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
FUTURE = datetime.datetime(2090, 1, 1, tzinfo=datetime.UTC)
INVALID: dict[str, Callable[[trustme.CA], trustme.LeafCert]] = {
    "expired": lambda ca: ca.issue_cert("127.0.0.1", not_before=PAST, not_after=PAST.replace(month=2)),
    "not yet valid": lambda ca: ca.issue_cert("127.0.0.1", not_before=FUTURE, not_after=FUTURE.replace(month=2)),
    "another host's": lambda ca: ca.issue_cert("other.example"),
    "another address's": lambda ca: ca.issue_cert("127.0.0.2"),
}


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("issue", INVALID.values(), ids=INVALID)
def test_a_certificate_that_is_not_valid(authority: trustme.CA, issue: Callable[..., trustme.LeafCert]) -> None:
    with secure(issue(authority)) as origin:
        assert failing(origin.url_of(NAME)).code == "SS122"


@pytest.mark.usefixtures("trusted")
def test_an_incomplete_chain_is_a_matter_of_the_issuer(authority: trustme.CA) -> None:
    between = authority.create_child_ca()
    leaf = between.issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with leaf.private_key_and_cert_chain_pem.tempfile() as key, leaf.cert_chain_pems[0].tempfile() as alone:
        context.load_cert_chain(alone, key)
    with Origin({NAME: DATA}, tls=context) as origin:
        assert failing(origin.url_of(NAME)).code == "SS121"


def test_plain_http_on_the_port_of_https() -> None:
    def answer(sock: socket.socket) -> None:
        sock.recv(4096)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with Server(answer) as server:
        error = failing(f"https://127.0.0.1:{server.port}/f")
    assert (error.code, len(error.attempts)) == ("SS123", 1)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("with_rst", [True, False])
def test_a_cut_under_tls_is_resumed(authority: trustme.CA, *, with_rst: bool) -> None:
    fault = faults.CutAfter(70_000, with_rst=with_rst)
    with secure(authority.issue_cert("127.0.0.1"), fault) as origin:
        got = fetch(wanted(pieces=False), origin.url_of(NAME))
        assert got.data == DATA
        assert set(got.codes[:-1]) == {"SS105"} or set(got.codes[:-1]) == {"SS107"}


def test_a_handshake_that_is_cut_is_a_cut() -> None:
    with Server(lambda sock: None) as server:
        assert failing(f"https://127.0.0.1:{server.port}/f").code == "SS105"


def test_a_handshake_that_stalls_ends() -> None:
    with Server(lambda sock: time.sleep(0.6)) as server, pytest.raises(FetchError) as caught:
        fetch(wanted(), f"https://127.0.0.1:{server.port}/f", limits=QUICK._replace(connect=0.2))
    assert caught.value.code == "SS104"


@pytest.mark.parametrize("content", [None, "no certificate at all"])
def test_certificates_that_cannot_be_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with Origin({NAME: DATA}) as origin:
        error = failing(origin.url_of(NAME))
    assert error.code == "SS121"
    assert str(path) in str(error)


def test_nothing_in_the_transport_can_switch_checking_off() -> None:
    sources = Path(sys.modules["steadyset.transport.client"].__file__ or "").parent.glob("*.py")
    for source in sources:
        text = source.read_text(encoding="utf-8").replace("verify=_context()", "")
        assert "verify=" not in text
        assert "CERT_NONE" not in text
        assert "check_hostname" not in text
    assert client_context().verify_mode == ssl.CERT_REQUIRED
    assert client_context().check_hostname


# Reaching


def test_a_port_where_nothing_listens() -> None:
    assert failing(f"http://127.0.0.1:{dead_port()}/f").code == "SS103"


@pytest.mark.parametrize("host", ["steadyset.invalid", f"{'a' * 70}.invalid"])
def test_a_name_that_does_not_resolve(host: str) -> None:
    error = failing(f"http://{host}/f")
    assert error.code == "SS101"
    assert host in error.message


BAD_URLS = [
    "http://[::1/f",
    "http://",
    "http:///f",
    "http://127.0.0.1:99999/f",
    "http://127.0.0.1:no/f",
    "http://h\x00/f",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_address_that_is_none_is_a_coded_error(url: str) -> None:
    assert failing(url).code in {"SS132", "SS101"}


def test_a_failure_is_told_of_the_host_that_failed() -> None:
    port = dead_port()
    with Origin({NAME: DATA}, [faults.Redirect(f"http://localhost:{port}/gone")]) as origin:
        error = failing(origin.url_of(NAME))
    assert error.code == "SS103"
    assert "localhost" in error.message


def test_what_the_caller_handles_does_not_hide_the_cause() -> None:
    try:
        raise ConnectionRefusedError("the stock loader's own failure")
    except ConnectionRefusedError:
        error = failing("http://steadyset.invalid/f")
    assert error.code == "SS101"


def dripping(sock: socket.socket) -> None:
    read_head(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(40):
        sock.sendall(b"X: y\r\n")
        time.sleep(0.05)


def test_a_head_that_drips_is_not_waited_for_for_ever() -> None:
    begun = time.monotonic()
    with Server(dripping) as server, pytest.raises(FetchError) as caught:
        fetch(wanted(), f"http://127.0.0.1:{server.port}/f", limits=QUICK._replace(idle=0.3, tries=1))
    assert caught.value.code == "SS106"
    assert time.monotonic() - begun < 2


def test_endless_headers_are_refused() -> None:
    with Origin({NAME: DATA}, [faults.EndlessHeaders()]) as origin:
        assert failing(origin.url_of(NAME)).code == "SS138"


def test_the_client_says_who_it_is() -> None:
    with Origin({NAME: DATA}) as origin:
        fetch(wanted(), origin.url_of(NAME))
        assert origin.requests[0].headers["user-agent"] == USER_AGENT


# Redirects


@pytest.mark.parametrize("hops", [1, 10])
def test_redirects_are_followed(hops: int) -> None:
    with Origin({NAME: DATA}, [faults.RedirectChain(hops, 307)]) as origin:
        assert fetch(wanted(), origin.url_of(NAME)).data == DATA


REFUSED = [
    faults.RedirectChain(30),
    faults.Redirect("/{path}"),
    faults.Redirect(None),
    faults.Redirect("ftp://h/f"),
    faults.Redirect("file:///etc/passwd"),
    faults.Redirect("http://"),
    faults.Redirect("http://[::1/f"),
]


@pytest.mark.parametrize("fault", REFUSED, ids=repr)
def test_redirects_that_lead_nowhere_are_refused(fault: faults.Fault) -> None:
    with Origin({NAME: DATA}, [fault]) as origin:
        error = failing(origin.url_of(NAME))
    assert (error.code, len(error.attempts)) == ("SS141", 1)


@pytest.mark.usefixtures("trusted")
def test_no_redirect_leads_from_https_to_http(authority: trustme.CA) -> None:
    with Origin({NAME: DATA}) as plain:
        back = faults.Redirect(plain.url_of(NAME))
        with secure(authority.issue_cert("127.0.0.1"), back) as origin:
            error = failing(origin.url_of(NAME))
        assert error.code == "SS141"
        assert plain.requests == []


def test_credentials_of_a_url_do_not_follow_to_another_host() -> None:
    with Origin({NAME: DATA}) as other:
        target = other.url_of(NAME).replace("127.0.0.1", "localhost")
        with Origin({NAME: DATA}, [faults.Redirect(target)]) as origin:
            fetch(wanted(), origin.url_of(NAME).replace("http://", "http://me:secret@"))
            assert "authorization" in origin.requests[0].headers
        assert "authorization" not in other.requests[0].headers


# Proxies

SECRET = "s3cr3t-pass"


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as running:
        yield running


def test_plain_http_goes_through_the_proxy(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
    with Origin({NAME: DATA}, [faults.CutAfter(50_000)]) as origin:
        assert fetch(wanted(), origin.url_of(NAME)).data == DATA
        assert proxy.asked[0] == f"GET {origin.url_of(NAME)} HTTP/1.1"


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_https_goes_through_a_tunnel(
    proxy: Proxy, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, f"http://{proxy.address}")
    with secure(authority.issue_cert("127.0.0.1")) as origin:
        assert fetch(wanted(), origin.url_of(NAME)).data == DATA
        assert proxy.asked == [f"CONNECT {origin.url.removeprefix('https://')} HTTP/1.1"]


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "*", "other.example,127.0.0.0/8"])
def test_no_proxy_is_heeded(proxy: Proxy, monkeypatch: pytest.MonkeyPatch, no_proxy: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    with Origin({NAME: DATA}) as origin:
        assert fetch(wanted(), origin.url_of(NAME)).data == DATA
    assert proxy.asked == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", [True, False])
def test_a_proxy_gets_its_credentials_and_nobody_else(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, *, tls: bool
) -> None:
    context = server_context(authority.issue_cert("127.0.0.1")) if tls else None
    with Proxy(f"me:{SECRET}") as proxy, Origin({NAME: DATA}, tls=context) as origin:
        monkeypatch.setenv("ALL_PROXY", f"http://me:{SECRET}@{proxy.address}")
        got = fetch(wanted(), origin.url_of(NAME))
        assert got.data == DATA
        assert all("proxy-authorization" not in r.headers for r in origin.requests)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("given", ["", "me:wrong@"])
def test_a_proxy_that_wants_credentials_is_named(monkeypatch: pytest.MonkeyPatch, scheme: str, given: str) -> None:
    with Proxy(f"me:{SECRET}") as proxy:
        monkeypatch.setenv("ALL_PROXY", f"http://{given}{proxy.address}")
        error = failing(f"{scheme}://127.0.0.1:9/f")
    assert isinstance(error, ProxyError)
    assert (error.code, len(error.attempts)) == ("SS112", 1)
    assert "wrong" not in str(error)


@pytest.mark.parametrize(("refusal", "code"), [("403 Forbidden", "SS111"), ("502 Bad Gateway", "SS134")])
def test_a_proxy_that_refuses_the_tunnel(monkeypatch: pytest.MonkeyPatch, refusal: str, code: str) -> None:
    with Proxy(refuses=refusal) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        assert failing("https://127.0.0.1:9/f").code == code


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_blamed_not_the_host(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    address = f"127.0.0.1:{dead_port()}"
    monkeypatch.setenv("ALL_PROXY", f"http://me:{SECRET}@{address}")
    error = failing(f"{scheme}://data.example/f")
    assert error.code == "SS111"
    assert address in error.message
    assert SECRET not in str(error)


def test_a_proxy_whose_name_does_not_resolve_is_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    error = failing("https://data.example/f")
    assert error.code == "SS111"
    assert "proxy.invalid" in error.message


@pytest.mark.parametrize("value", ["gopher://me:{0}@p:1", "http://me:{0}@p:port", "ftp://me:{0}@p"])
def test_an_unusable_proxy_setting_is_named_without_its_secret(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", value.format(SECRET))
    with pytest.raises(ProxyError) as caught:
        Client(QUICK)
    assert caught.value.code == "SS111"
    assert SECRET not in str(caught.value)


@pytest.mark.usefixtures("trusted")
def test_a_proxy_that_signs_anew_is_found_out(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, tmp_path: Path
) -> None:
    inspecting = trustme.CA()
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    with secure(inspecting.issue_cert("127.0.0.1")) as origin:
        assert failing(origin.url_of(NAME)).code == "SS121"
        both = tmp_path / "both.pem"
        both.write_bytes(authority.cert_pem.bytes() + inspecting.cert_pem.bytes())
        monkeypatch.setenv("SSL_CERT_FILE", str(both))
        assert fetch(wanted(), origin.url_of(NAME)).data == DATA


# Secrets


def everything(error: SteadysetError, errand: Errand) -> str:
    """Return all that a user, a log or a report could see of a failed fetch."""
    told = [str(error), repr(error), repr(error.evidence), repr(errand.fetch.attempts), repr(errand.events)]
    told.append(repr(getattr(error, "failures", None)))
    told.append(pickle.dumps(error).decode("latin-1"))
    return "\n".join(told)


LEAKS: list[faults.Fault] = [
    faults.Status(403),
    faults.Status(503),
    faults.Portal(),
    faults.Garbage(),
    faults.NoAnswer(),
    faults.Empty(),
    faults.FlippedBit(1),
    faults.Redirect("/{path}"),
    faults.Redirect(f"http://me:{SECRET}@127.0.0.1:1/?token={SECRET}"),
    faults.Redirect(f"ftp://me:{SECRET}@h/?token={SECRET}"),
]


@pytest.mark.parametrize("fault", LEAKS, ids=lambda fault: type(fault).__name__)
def test_no_secret_of_a_url_comes_to_light(fault: faults.Fault, tmp_path: Path) -> None:
    with Origin({NAME: DATA}, [faults.CutAfter(70_000, times=1), fault]) as origin:
        url = origin.url_of(NAME).replace("http://", f"http://me:{SECRET}@") + f"?token={SECRET}"
        with Partial(Layout(str(tmp_path)), "ab" * 32, NAME) as partial:
            errand = Errand(wanted(pieces=False), [url], sink=partial)
            with pytest.raises(SteadysetError) as caught:
                errand.run()
            assert SECRET not in everything(caught.value, errand)
            assert SECRET not in json.dumps(partial.noted())
    written = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert SECRET.encode() not in written


def test_no_secret_comes_to_light_when_all_goes_well(tmp_path: Path) -> None:
    with Origin({NAME: DATA}) as origin, Partial(Layout(str(tmp_path)), "ab" * 32, NAME) as partial:
        url = origin.url_of(NAME).replace("http://", f"http://me:{SECRET}@") + f"?token={SECRET}"
        got = fetch(wanted(), url, sink=partial)
        assert origin.requests[0].query == f"token={SECRET}"
        assert SECRET not in repr(got.fetch.attempts) + repr(got.events) + json.dumps(partial.noted())


def test_these_tests_do_not_see_the_machines_settings(strangers: Path) -> None:
    assert {name: os.environ[name] for name in VARIABLES if name in os.environ} == {"SSL_CERT_FILE": str(strangers)}


def test_a_status_is_an_error_of_its_kind() -> None:
    with Origin({NAME: DATA}, [faults.Status(404)]) as origin:
        assert isinstance(failing(origin.url_of(NAME)), HTTPStatusError)
