# The package is typed but does not say so; this is what push/sending.py uses of it.
from webpush.types import WebPushMessage, WebPushSubscription
from webpush.vapid import VAPID

class WebPush:
    vapid: VAPID
    def __init__(
        self, private_key: bytes, public_key: bytes, subscriber: str | None = ..., ttl: int = ..., expiration: int = ...
    ) -> None: ...
    def get(self, message: bytes, subscription: WebPushSubscription) -> WebPushMessage: ...
