"""One HTTP client for all tests of a process: making one reads every certificate of the machine, which takes longer
than most answers. It keeps no cookie and no connection from one request to the next."""

from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

web = httpx.Client(
    cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])), limits=httpx.Limits(max_keepalive_connections=0)
)
