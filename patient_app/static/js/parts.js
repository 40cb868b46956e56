// Makes some links and forms smoother: the part of the page that changes is put in place. Each stands on a real link or
// form, and whatever goes wrong on the way, that link is followed or that form is sent as if this file were not there.
import htmx from "../vendor/htmx-4.0.1.esm.min.js";
import { NoCode, policy } from "./parts_policy.js";
import "./error_summary.js";

delete globalThis.htmx;

const asks = (element, own, hx) => element.hasAttribute(hx) && element.getAttribute(hx) === element.getAttribute(own);
const isLink = (element) => element.matches("a") && asks(element, "href", "hx-get");
const isForm = (element) => element.matches("form[method=post]") && asks(element, "action", "hx-post");

// The request that is under way, and what was pressed for it.
let pending;

// Says what is shown now, where no heading takes the focus.
const told = document.createElement("p");
told.setAttribute("role", "status");
told.className = "visually-hidden";
document.querySelector("main").append(told);

// Goes the ordinary way. Who left meanwhile, or left quickly, is not brought back.
const go = (ctx) => {
  const source = ctx?.sourceElement;
  const answer = ctx?.response?.raw;
  if (!source?.isConnected || document.documentElement.hidden) return;
  if (source.matches("a")) {
    location.assign(source.href);
  } else if (answer?.redirected) {
    location.assign(answer.url); // It was taken; this is where it leads.
  } else {
    const { submitter } = ctx.request;
    source.removeAttribute("hx-post");
    htmx.process(source, true);
    const pressed = submitter?.form === source ? submitter : null;
    if (source.requestSubmit) source.requestSubmit(pressed);
    else (pressed ?? source.querySelector("[type=submit]")).click();
  }
};

const focusable = (element) => {
  if (!element || element.closest("details:not([open]) > :not(summary)")) return;
  if (element.tabIndex < 0) element.tabIndex = -1;
  return element;
};

// Where reading goes on: what is to be checked, the heading of what was asked for, or the same control as before.
const placeAfter = ({ part, request }, pressed) => {
  const same = pressed && document.getElementById(pressed);
  return focusable(document.querySelector("[aria-invalid=true]"))
    ?? focusable(part.querySelector("[data-error-summary], [data-focus]"))
    ?? focusable(request.anchor && document.getElementById(request.anchor)?.querySelector("h2"))
    ?? focusable(same || undefined)
    ?? focusable(same && same.closest("details")?.querySelector("summary"))
    ?? focusable(part);
};

htmx.registerExtension("tandem", {
  init: (api) => api.initSecurity(policy, NoCode, NoCode),

  // Nothing asks by itself, and nothing asks for what its own link or form would not ask for.
  htmx_before_init: (element) => !element.hasAttribute("hx-trigger") && (isLink(element) || isForm(element)),
  htmx_before_on_init: () => false,

  htmx_before_request: (_element, { ctx }) => {
    delete ctx.request.headers["HX-Current-URL"];
    pending = { ctx, pressed: ctx.request.submitter?.id || ctx.sourceElement.id };
  },

  // Only what says that it is a part is put in place. Faults, pages to sign in and all else are gone to.
  htmx_before_response: (_element, { ctx }) => {
    const { status, headers } = ctx.response.raw;
    if ((status === 200 || status === 422) && headers.has("X-Page-Part")) return;
    go(ctx);
    return false;
  },

  // A part that lacks something that is to be replaced would leave old words standing.
  htmx_before_swap: (_element, { ctx, tasks }) => {
    if (tasks.length === 1 + (ctx.selectOOB?.split(",").length ?? 0) && tasks.every((task) => task.target)) {
      ctx.partId = tasks[0].target.id;
      return;
    }
    go(ctx);
    return false;
  },

  htmx_after_swap: (_element, { ctx }) => {
    ctx.part = document.getElementById(ctx.partId) ?? document.querySelector("main");
    const place = placeAfter(ctx, pending?.pressed);
    place.focus({ preventScroll: place.id === pending?.pressed || place === ctx.part });
    told.textContent = ctx.part.dataset.told ?? "";
  },

  htmx_error: (_element, { ctx }) => go(ctx),

  htmx_finally_request: (_element, { ctx }) => {
    if (pending?.ctx === ctx) pending = undefined;
  },
});

// Who goes on to another page does not wait for what is under way, and is not brought back by it.
const leave = (going) => going && pending?.ctx.request.abort();

addEventListener("submit", (event) => leave(!isForm(event.target)), true);
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) {
    if (isLink(link)) event.stopPropagation(); // Opened beside this page, which is the browser's to do.
  } else {
    leave(!isLink(link) && /^[/?]/.test(link.getAttribute("href")));
  }
}, true);

// Who went back and on again faster than this file arrived sees what stood at the other address.
const [opened] = performance.getEntriesByType("navigation");
const bare = (address) => address.split("#", 1)[0];
if (opened && bare(opened.name) !== bare(location.href)) location.reload();
