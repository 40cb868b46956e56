// The page about notifications: says how it stands on this phone, and asks the browser, once a person tapped the button.
import { agree, giveUp, subscribe } from "../phone/subscribed.js";

const part = document.querySelector("#push");
const failed = document.querySelector("#push-failed");
const isApple = /iPhone|iPad|iPod/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
const isInstalled = matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;

function show(state) {
  part.querySelectorAll("[data-push]").forEach((each) => {
    each.hidden = each.dataset.push !== state;
  });
}

const isAble = () => "PushManager" in globalThis && "Notification" in globalThis && "serviceWorker" in navigator;

function stateWithout() {
  if (!isAble()) return isApple && !isInstalled ? "install" : "unable";
  return Notification.permission === "denied" ? "blocked" : "off";
}

async function turnOn() {
  failed.hidden = true;
  try {
    if ((await Notification.requestPermission()) !== "granted") {
      show(stateWithout());
      return;
    }
    const { pushManager } = await navigator.serviceWorker.ready;
    const before = await pushManager.getSubscription();
    const { result } = await agree(pushManager, "on", before ?? (await subscribe(pushManager, part.dataset.key)));
    if (result !== "on") throw new Error(result);
    location.reload(); // The list of devices has one more.
  } catch {
    failed.hidden = false;
    show(stateWithout());
  }
}

async function look() {
  show(stateWithout());
  if (stateWithout() !== "off") return;
  const { pushManager } = await navigator.serviceWorker.ready;
  const subscription = Notification.permission === "granted" && (await pushManager.getSubscription());
  if (!subscription) return;
  const { result } = await agree(pushManager, "seen", subscription);
  show(result === "on" ? "on" : stateWithout());
}

// Turned off on this phone: the browser gives it up too. Elsewhere it does so when it hears of it.
document.querySelector("form[data-push-off]")?.addEventListener("submit", (event) => {
  const form = event.target;
  event.preventDefault();
  navigator.serviceWorker.ready
    .then(({ pushManager }) => giveUp(pushManager))
    .catch(() => {})
    .finally(() => HTMLFormElement.prototype.submit.call(form));
});
document.querySelector("#push-on").addEventListener("click", turnOn);
look().catch(() => {});
