/* One file goes up as it is (a proof, a framework); then the page is told what came of it. Where it goes and every word stand in
   the drop zone's data attributes. */
(function () {
  function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, function (whole, name) { return name in values ? values[name] : whole; });
  }

  function tell(zone, text, bad) {
    var board = document.getElementById(zone.dataset.board);
    if (!board) return;
    board.textContent = "";
    if (!text) return;
    var line = document.createElement("p");
    line.className = bad ? "said bad" : "said";
    line.textContent = text;
    board.appendChild(line);
  }

  function send(zone, file) {
    if (zone.dataset.busy) return;
    var words = zone.dataset;
    var dot = file.name.lastIndexOf(".");
    var kind = dot < 0 ? "" : file.name.slice(dot).toLowerCase();
    if (words.accept.split(",").indexOf(kind) < 0)
      return tell(zone, fill(words.wrong, { name: file.name, accept: words.accept.replace(/,/g, " ") }), true);
    if (file.size > words.megabytes * 1048576) return tell(zone, fill(words.large, { name: file.name, most: words.megabytes }), true);
    words.busy = "true";
    var ask = new XMLHttpRequest();
    function over(why, said) {
      delete words.busy;
      tell(zone, why, true);
      if (why) return;
      if (words.name) document.getElementById(words.name).textContent = said.name;
      window.dash_clientside.set_props(words.store, { data: said.id });
    }
    ask.upload.onprogress = function (event) {
      if (event.lengthComputable) tell(zone, fill(words.sending, { name: file.name, percent: Math.floor((event.loaded / event.total) * 100) }));
    };
    ask.onerror = function () { over(fill(words.lost, { name: file.name })); };
    ask.onload = function () {
      var said = {};
      try { said = JSON.parse(ask.responseText); } catch (error) { said = {}; }
      if (ask.status === 401) return window.location.assign("/login?next=" + window.location.pathname);
      if (ask.status === 413) return over(fill(words.large, { name: file.name, most: words.megabytes }));
      over(ask.status === 200 ? "" : said.message || fill(words.lost, { name: file.name }), said);
    };
    ask.open("POST", words.post + "?name=" + encodeURIComponent(file.name));
    ask.setRequestHeader("Content-Type", "application/octet-stream");
    ask.send(file);
  }

  document.addEventListener("click", function (event) {
    var zone = event.target.closest("[data-post]");
    if (!zone) return;
    var input = document.createElement("input");
    input.type = "file";
    input.accept = zone.dataset.accept;
    input.onchange = function () { if (input.files.length) send(zone, input.files[0]); };
    input.click();
  });
})();
