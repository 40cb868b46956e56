from pydantic import BaseModel

class WebPushKeys(BaseModel):
    auth: str
    p256dh: str

class WebPushSubscription(BaseModel):
    endpoint: str
    keys: WebPushKeys

class WebPushMessage(BaseModel):
    encrypted: bytes
    headers: dict[str, str]
