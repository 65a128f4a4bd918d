"""Whether a server of ours answers over plain HTTP: asked again and again while it starts, so it must cost little."""

import ssl

import httpx

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody; httpx would read all certificates at each question


def answers(url: str) -> bool:
    """Whether anything speaks HTTP there."""
    try:
        httpx.get(url, timeout=1, verify=NO_TLS)
    except httpx.HTTPError:
        return False
    return True


def is_ready(url: str, timeout_s: float = 2) -> bool:
    """Whether the service at this address, without a path, says that it is ready."""
    try:
        return httpx.get(f"{url}/health/ready", timeout=timeout_s, verify=NO_TLS).status_code == 200
    except httpx.TransportError:
        return False
