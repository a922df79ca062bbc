/* A grid shows what its width has room for: on a phone each row is a card with every column in it; on a narrow desktop
   the columns that may give way do. The words are those of the columns. */
(function () {
  var NARROW = 560;
  var functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  var components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});

  function told(params, column) {
    var said = params.api.getCellValue({ rowNode: params.node, colKey: column.field, useFormatter: true });
    return said === null || said === undefined ? "" : String(said);
  }

  // Every word of a row, for the filter of the card.
  functions.portraitWords = function (params) {
    return params.colDef.cellRendererParams.columns.map(function (column) { return told(params, column); }).join(" ");
  };

  components.PortraitCard = function (params) {
    var h = window.React.createElement;
    return h("div", { className: "row-card" }, params.columns.map(function (column, i) {
      var said = told(params, column);
      if (!said) return null;
      if (i === 0) return h("div", { className: "row-card-title", key: column.field }, said);
      return h("div", { className: column.wide ? "row-card-part wide" : "row-card-part", key: column.field },
        h("span", { className: "row-card-name" }, column.name + " "), h("span", { className: "row-card-said" }, said));
    }));
  };

  function least(column) {
    var own = column.getColDef();
    return own.flex ? own.minWidth || 112 : Math.max(own.width || 0, own.minWidth || 112);
  }

  functions.portraitFit = function (params, spare) {
    var api = params.api;
    var body = document.querySelector('[grid-id="' + api.getGridId() + '"]');
    var room = body ? body.clientWidth : 0;
    if (!room) return;
    var columns = api.getColumns().filter(function (one) { return one.getColDef().field && !one.getColDef().hide; });
    var narrow = room < NARROW;
    var away = {};
    var needed = api.getGridOption("rowSelection") ? 50 : 0;
    columns.forEach(function (one) { needed += one.getColId() === "card" ? 0 : least(one); });
    spare.forEach(function (field) {
      var one = api.getColumn(field);
      if (!one || needed <= room - 2) return;
      away[field] = true;
      needed -= least(one);
    });
    var show = columns.filter(function (one) { return narrow ? one.getColId() === "card" : one.getColId() !== "card" && !away[one.getColId()]; });
    var hide = columns.filter(function (one) { return one.isVisible() && show.indexOf(one) < 0; });
    var come = show.filter(function (one) { return !one.isVisible(); });
    // Every change is told to the listeners, this one among them: only what differs is changed.
    if (hide.length) api.setColumnsVisible(hide, false);
    if (come.length) api.setColumnsVisible(come, true);
    // The head has nothing to say over cards, unless there is something to tick or to look for.
    var card = api.getColumn("card").getColDef();
    var head = !narrow || card.filter || api.getGridOption("rowSelection") ? undefined : 0;
    if (api.getGridOption("headerHeight") !== head) api.setGridOption("headerHeight", head);
  };
})();
