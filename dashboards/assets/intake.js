/* Files go up one after the other, as they are and with progress; the page is told when the last has arrived.
   Every word stands in the drop zone's data attributes, in the reader's language. */
(function () {
  function zone() { return document.getElementById("intake-drop"); }
  function board() { return document.getElementById("intake-sending"); }

  function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, function (whole, name) { return name in values ? values[name] : whole; });
  }

  function complain(text) {
    var line = document.createElement("p");
    line.className = "said bad";
    line.textContent = text;
    board().appendChild(line);
  }

  function fault(file, words) {
    var dot = file.name.lastIndexOf(".");
    var kind = dot < 0 ? "" : file.name.slice(dot).toLowerCase();
    if (words.accept.split(",").indexOf(kind) < 0)
      return fill(words.wrong, { name: file.name, accept: words.accept.replace(/,/g, " ") });
    if (!file.size) return fill(words.empty, { name: file.name });
    if (file.size > words.megabytes * 1048576)
      return fill(words.large, { name: file.name, size: Math.ceil(file.size / 1048576), most: words.megabytes });
    return "";
  }

  function send(files) {
    var words = zone().dataset;
    if (words.busy || !files.length) return;
    board().textContent = "";
    var good = files.filter(function (file) {
      var text = fault(file, words);
      if (text) complain(text);
      return !text;
    });
    if (good.length) one(good, 0, 0);
  }

  function one(files, at, arrived) {
    var place = zone();
    var words = place ? place.dataset : null;
    if (at === files.length || !words) {
      if (words) delete words.busy;
      if (arrived) window.dash_clientside.set_props("intake-arrived", { data: Date.now() });
      return;
    }
    words.busy = "true";
    var file = files[at];
    var line = document.createElement("div");
    var text = document.createElement("span");
    var bar = document.createElement("progress");
    var stop = document.createElement("button");
    var ask = new XMLHttpRequest();
    line.className = "sending";
    bar.max = 1;
    stop.type = "button";
    stop.className = "button";
    stop.textContent = words.cancel;
    stop.onclick = function () { ask.abort(); };
    line.append(text, bar, stop);
    board().appendChild(line);

    function tell(share) {
      bar.value = share;
      text.textContent = fill(words.sending, { name: file.name, n: at + 1, all: files.length, percent: Math.floor(share * 100) });
    }
    function over(why) {
      line.remove();
      if (why && board()) complain(why);
      one(files, at + 1, arrived + (why ? 0 : 1));
    }
    tell(0);
    ask.upload.onprogress = function (event) { if (event.lengthComputable) tell(event.loaded / event.total); };
    ask.onerror = function () { over(fill(words.lost, { name: file.name })); };
    ask.onabort = function () { over(fill(words.cancelled, { name: file.name })); };
    ask.onload = function () {
      if (ask.status === 200) return over("");
      if (ask.status === 401) return window.location.assign("/login?next=/intake");
      if (ask.status === 413) return over(fill(words.large, { name: file.name, size: Math.ceil(file.size / 1048576), most: words.megabytes }));
      var said = "";
      try { said = JSON.parse(ask.responseText).message; } catch (error) { said = ""; }
      over(said || fill(words.lost, { name: file.name }));
    };
    ask.open("POST", "/intake/upload?name=" + encodeURIComponent(file.name));
    ask.setRequestHeader("Content-Type", "application/octet-stream");
    ask.send(file);
  }

  document.addEventListener("click", function (event) {
    // A decision is taken: what went wrong with other files on the way has been read.
    if (event.target.closest("#intake-panel .card-action button") && !(zone() && zone().dataset.busy)) board().textContent = "";
    if (!event.target.closest("#intake-drop")) return;
    var input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.accept = zone().dataset.accept;
    input.onchange = function () { send(Array.from(input.files)); };
    input.click();
  });

  // A file dropped beside the zone must not replace the page.
  ["dragover", "drop"].forEach(function (kind) {
    document.addEventListener(kind, function (event) {
      var place = zone();
      if (!place || !event.dataTransfer || Array.from(event.dataTransfer.types).indexOf("Files") < 0) return;
      event.preventDefault();
      var inside = event.target.closest("#intake-drop");
      place.classList.toggle("over", kind === "dragover" && Boolean(inside));
      if (kind === "drop" && inside) send(Array.from(event.dataTransfer.files));
    });
  });

  // The keyboard opens a row as a click does.
  document.addEventListener("keydown", function (event) {
    var cell = event.key === "Enter" && event.target.closest && event.target.closest(".clickable .ag-cell");
    if (cell && cell === event.target) cell.click();
  });
})();
