// Order of “3/5” in a grid: by its first number.
var dagfuncs = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
dagfuncs.portraitFirst = function (a, b) { return (parseFloat(a) || 0) - (parseFloat(b) || 0); };
