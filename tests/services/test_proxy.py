from scribe_desktop.services.proxy import use_proxy


def test_a_named_proxy_is_the_way_out_for_everything() -> None:
    environ = {"HTTPS_PROXY": "http://old.example:1"}
    use_proxy("http://proxy.clinic.example:3128/", environ)
    assert set(environ) == {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"}
    assert set(environ.values()) == {"http://proxy.clinic.example:3128"}


def test_without_one_the_systems_stays() -> None:
    environ = {"https_proxy": "http://system.example:1"}
    use_proxy("", environ)
    assert environ == {"https_proxy": "http://system.example:1"}
