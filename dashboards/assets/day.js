/* A day as people write it (2022年10月8日, ２０２２．１０．８, 20221008) into the form that the date field reads; it would take the year
   of it and make the first of January. Fields with `data-day` are meant. */
(function () {
  var WHOLE = /^(\d{4})[年./-](\d{1,2})[月./-](\d{1,2})[日号]$|^(\d{4})(\d\d)(\d\d)$/;
  var OPEN = /^(\d{4})[年./-](\d{1,2})[月./-](\d{1,2})[日号]?$|^(\d{4})(\d\d)(\d\d)$/;

  function two(text) { return text.length < 2 ? "0" + text : text; }

  function rewrite(field, form) {
    if (!field || !field.closest || !field.closest("[data-day]") || field.tagName !== "INPUT") return;
    var found = form.exec(field.value.normalize("NFKC").replace(/\s+/g, ""));
    if (!found) return;
    var day = (found[1] || found[4]) + "-" + two(found[2] || found[5]) + "-" + two(found[3] || found[6]);
    if (day === field.value) return;
    // Past React's own setter, which would think that nothing has changed.
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, day);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("input", function (event) {
    if (event.isTrusted) rewrite(event.target, WHOLE);
  });
  // Whoever leaves the field has said all of the day.
  document.addEventListener("keydown", function (event) {
    if (event.key === "Tab" || event.key === "Enter") rewrite(event.target, OPEN);
  }, true);
  document.addEventListener("pointerdown", function (event) {
    if (event.target !== document.activeElement) rewrite(document.activeElement, OPEN);
  }, true);
})();
