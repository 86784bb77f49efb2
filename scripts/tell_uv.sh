# To be sourced, with PY set. uv does not read pip's configuration: hand it what this machine says
# about package indexes, unless uv has been told by variables of its own.
pip_setting() { "$PY" -m pip config get "$1" 2> /dev/null || true; }
tell_uv() {
    local url extra links cert
    url="$(pip_setting global.index-url)"; url="${PIP_INDEX_URL:-$url}"
    extra="$(pip_setting global.extra-index-url)"; extra="${PIP_EXTRA_INDEX_URL:-$extra}"
    links="$(pip_setting global.find-links)"; links="${PIP_FIND_LINKS:-$links}"
    cert="$(pip_setting global.cert)"; cert="${PIP_CERT:-$cert}"
    [ -z "$url" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$url}"
    [ -z "$extra" ] || export UV_EXTRA_INDEX_URL="${UV_EXTRA_INDEX_URL:-$(echo $extra)}"
    [ -z "$links" ] || export UV_FIND_LINKS="${UV_FIND_LINKS:-$(echo $links | tr ' ' ',')}"
    [ -z "$cert" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$cert}"
    # Hashes say what is right, so any index may bring it.
    export UV_INDEX_STRATEGY="${UV_INDEX_STRATEGY:-unsafe-best-match}"
    export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
}
