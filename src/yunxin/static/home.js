/* The seven days on the home page. Tooltips are drawn into the canvas: the page allows no styles
   but its own files'. The figures come from json_script, the colours from the stylesheet. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("week-chart");
  const source = document.getElementById("week");
  if (!place || !source || !window.echarts) return;
  const week = JSON.parse(source.textContent);
  const styles = getComputedStyle(document.documentElement);
  const colour = (name) => styles.getPropertyValue(name).trim();
  const chart = echarts.init(place);
  const text = { color: colour("--ink-soft"), fontFamily: styles.getPropertyValue("--font") };
  chart.setOption({
    color: [colour("--blue"), colour("--green")],
    textStyle: text,
    grid: { left: 8, right: 8, top: 24, bottom: 36, containLabel: true },
    legend: { bottom: 0, data: [week.labels.submitted, week.labels.delivered], textStyle: text },
    tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (n) => n.toLocaleString("en-US") },
    xAxis: { type: "category", data: week.days, axisTick: { show: false }, axisLabel: text },
    yAxis: { type: "value", minInterval: 1, axisLabel: { ...text, formatter: (n) => n.toLocaleString("en-US") }, splitLine: { lineStyle: { color: colour("--line") } } },
    series: [
      { name: week.labels.submitted, type: "bar", barMaxWidth: 36, data: week.submitted, itemStyle: { borderRadius: [4, 4, 0, 0] } },
      { name: week.labels.delivered, type: "line", data: week.delivered, symbolSize: 7, lineStyle: { width: 2 } },
    ],
    animationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 300,
  });
  addEventListener("resize", () => chart.resize());
});
