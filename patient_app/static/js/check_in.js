// Tells the form which time zone the phone is in, so that an entry belongs to the day it was for the person.
// Without scripts the person's own zone from the settings is used.
const zone = document.querySelector('#check-in input[name="zone"]');
if (zone) {
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
}
