// The one way in which HTML may be written into a page (Trusted Types: `trusted-types tandem-parts`, core/headers.py).
// It takes only HTML as our templates write it: these elements, attributes in double quotes with no < or > inside,
// nothing that runs, loads or leads elsewhere. It repairs nothing: what does not fit is refused as a whole, and the page
// is then loaded as a whole. Whoever uses a new element in a part of a page adds it here.
const ELEMENTS = new Set((
  "a article aside b br button caption div dl dt dd details em fieldset figcaption figure form h2 h3 h4 i input label legend li " +
  "mark nav ol option p path rect section select small span strong summary svg table tbody td template text textarea th thead " +
  "time title tr ul use"
).split(" "));
// Of htmx only what names the place and the way. What asks by itself, evaluates words or adds headers is not here.
const OF_HTMX = /^hx-(?:get|post|target|swap|push-url|select-oob|sync)(?::inherited)?$/;
const LEADING = new Set(["href", "action", "formaction", "hx-get", "hx-post"]);
const OWN = /^(?:\/(?![/\\])|#|\?|(?:tel|sms):[\d+?-])/;
const NEVER = /^(?:on|hx-|style$|src|data$|srcdoc$|xmlns|xlink|is$|background$|ping$|poster$|http-equiv$|nonce$|slot$|shadowroot)/;

const TEXT = /[^<]+/y;
const END = /<\/([a-z][a-z0-9]*)>/y;
const START = /<([a-z][a-z0-9]*)((?:\s+[a-zA-Z][\w:.-]*(?:="[^"<>]*")?)*)\s*\/?>/y;
const ATTRIBUTE = /([a-zA-Z][\w:.-]*)(?:="([^"]*)")?/g;

const fits = (name, value = "") => {
  if (OF_HTMX.test(name)) return !LEADING.has(name) || OWN.test(value);
  return !NEVER.test(name) && (!LEADING.has(name) || OWN.test(value));
};

// Why a text may not be written into a page, or nothing.
export function refusal(html) {
  for (let at = 0; at < html.length; ) {
    let found;
    const next = (pattern) => {
      pattern.lastIndex = at;
      return (found = pattern.exec(html));
    };
    if (next(END) || next(START)) {
      if (!ELEMENTS.has(found[1])) return `<${found[1]}>`;
      for (const [, name, value] of (found[2] ?? "").matchAll(ATTRIBUTE)) {
        const address = found[1] === "use" && name === "href" ? /^\/static\//.test(value) : fits(name.toLowerCase(), value);
        if (!address) return `${name}=`;
      }
    } else if (!next(TEXT)) {
      return "what no template writes";
    }
    at += found[0].length;
  }
}

const refuse = (what) => {
  throw new TypeError(`Refused: ${what}`);
};
const rules = {
  createHTML(html) {
    const why = refusal(html);
    return why ? refuse(why) : html;
  },
  createScript: () => refuse("a script"),
  createScriptURL: () => refuse("the address of a script"),
};

// A policy with a name and no default one: only who was handed it can use it. A browser without Trusted Types keeps the
// same rules.
export const policy = globalThis.trustedTypes?.createPolicy("tandem-parts", rules) ?? rules;

// Stands where words would be made into code.
export function NoCode() {
  refuse("code in an attribute");
}
