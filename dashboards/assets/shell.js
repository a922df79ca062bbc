/* The little that must run in the browser. No inline script, no eval. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.shell = {
  title: function (title) {
    if (title) {
      var product = document.querySelector(".product span");
      document.title = title + (product ? " · " + product.textContent : "");
      var page = document.getElementById("page");
      if (page && !window.location.hash) {
        window.scrollTo(0, 0);
        if (window.shellShown) page.focus({ preventScroll: true });
      }
      window.shellShown = true;
    }
    return window.dash_clientside.no_update;
  },
  drawer: function () {
    var by = window.dash_clientside.callback_context.triggered[0];
    return Boolean(by && by.prop_id.indexOf("burger") === 0);
  },
  reload: function (language) {
    if (language) window.location.reload();
    return window.dash_clientside.no_update;
  },
};

/* What went wrong between browser and server: a session that ended leads to the login form and back to this page
   afterwards; a server error or a lost line is said in one sentence. */
(function () {
  var ask = window.fetch;
  var shown = null;

  function say(chinese, english) {
    if (shown) shown.remove();
    shown = document.createElement("div");
    shown.className = "line-notice";
    shown.setAttribute("role", "alert");
    shown.textContent = document.documentElement.lang === "en" ? english : chinese;
    document.body.appendChild(shown);
    var mine = shown;
    setTimeout(function () { mine.remove(); }, 12000);
  }

  window.fetch = function () {
    return ask.apply(this, arguments).then(
      function (answer) {
        if (new URL(answer.url).pathname.indexOf("/_dash-") !== 0) return answer;
        if (answer.status === 401) {
          var here = window.location.pathname + window.location.search;
          window.location.assign("/login?next=" + encodeURIComponent(here));
        } else if (answer.status === 413) {
          say("文件太大，没有传上去。", "The file is too large.");
        } else if (answer.status >= 500) {
          answer.clone().json().then(
            function (body) {
              say("出错了，问题已经记录，编号 " + body.number + "。", "Something went wrong. It is on record as " + body.number + ".");
            },
            function () { say("服务器出错了，请过一会儿再试。", "The server failed. Please try again."); }
          );
        }
        return answer;
      },
      function (error) {
        if (error && error.name !== "AbortError") say("连不上服务器，请检查网络后再试。", "The server cannot be reached.");
        throw error;
      }
    );
  };
})();
