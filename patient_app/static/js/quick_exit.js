// Leave quickly: the button, or Esc twice within a second. This page's place in the history is taken by the other
// address; what was opened before stays in the browser's history, as the help page says.
// Without scripts the button is a plain link.
const TWICE_WITHIN = 1000;
const button = document.querySelector("[data-quick-exit]");
let pressed = -Infinity;

// No browser asks by itself to put this on the home screen: /install is the place for that, for who looks for it.
addEventListener("beforeinstallprompt", (event) => event.preventDefault());

// Where a lock is set, the worker locks (and the page tries to); nobody waits for either.
const leave = () => {
  navigator.serviceWorker?.controller?.postMessage({ type: "lock" });
  dispatchEvent(new Event("leavequickly"));
  document.documentElement.hidden = true;
  document.body.replaceChildren();
  location.replace(button.href);
};

if (button) {
  button.addEventListener("click", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      leave();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.repeat) {
      return;
    }
    if (event.timeStamp - pressed < TWICE_WITHIN) {
      leave();
    }
    pressed = event.timeStamp;
  });
}
