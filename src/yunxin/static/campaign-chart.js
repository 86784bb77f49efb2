/* The charts of one campaign, drawn from #chart-data. Drawn again when htmx renews the page. */
"use strict";

(() => {
  const COLOURS = { delivered: "#1e9e4a", failed: "#c92a2a", unknown: "#8a94a8", awaited: "#1f5fe0", submitted: "#1f5fe0" };
  const INK = "#56627a";
  let charts = [];

  function axis(extra) {
    return { axisLabel: { color: INK }, axisLine: { lineStyle: { color: "#d3d9e6" } }, splitLine: { lineStyle: { color: "#e2e6ef" } }, ...extra };
  }

  function base(legend) {
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow" } },
      legend: { bottom: 0, data: legend, textStyle: { color: INK }, itemWidth: 14, itemHeight: 8 },
      grid: { left: 8, right: 12, top: 12, bottom: 36, containLabel: true },
    };
  }

  function byTime(data) {
    const { words } = data;
    const bar = (key) => ({ name: words[key], type: "bar", stack: "final", data: data[key], color: COLOURS[key], barMaxWidth: 28 });
    return {
      ...base([words.delivered, words.failed, words.submitted]),
      xAxis: axis({ type: "category", data: data.time }),
      yAxis: axis({ type: "value", minInterval: 1 }),
      series: [
        bar("delivered"), bar("failed"),
        { name: words.submitted, type: "line", data: data.submitted, color: COLOURS.submitted, symbolSize: 5 },
      ],
    };
  }

  function byCarrier(data) {
    const keys = ["delivered", "failed", "unknown", "awaited"].filter((key) => data.byCarrier[key].some(Boolean));
    return {
      ...base(keys.map((key) => data.words[key])),
      grid: { left: 8, right: 32, top: 12, bottom: 60, containLabel: true }, // two lines of legend
      xAxis: axis({ type: "value", minInterval: 1, splitNumber: 3 }),
      yAxis: axis({ type: "category", data: data.carriers, inverse: true }),
      series: keys.map((key) => ({ name: data.words[key], type: "bar", stack: "all", data: data.byCarrier[key], color: COLOURS[key], barMaxWidth: 26 })),
    };
  }

  // Places have no id: htmx carries the style attribute of what has one over, which the page's
  // policy refuses.
  function draw(name, option) {
    const place = document.querySelector(`[data-chart="${name}"]`);
    if (!place) return;
    const chart = echarts.init(place);
    chart.setOption(option);
    charts.push(chart);
  }

  function drawAll() {
    charts.forEach((chart) => chart.dispose());
    charts = [];
    const source = document.getElementById("chart-data");
    if (!source) return;
    const data = JSON.parse(source.textContent);
    draw("time", byTime(data));
    draw("carriers", byCarrier(data));
  }

  drawAll();
  document.addEventListener("htmx:afterSettle", drawAll);
  window.addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
})();
