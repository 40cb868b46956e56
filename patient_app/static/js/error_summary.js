// After an error the first thing to be read is what to check, also where the browser focuses only fields by itself.
document.querySelector("[data-error-summary]")?.focus();
