(() => {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const printWidth = 660;
  const charts = [];
  let linking = false;

  const resolve = (value, style) => {
    if (typeof value === "string") {
      return value.startsWith("var(") ? style.getPropertyValue(value.slice(4, -1)).trim() : value;
    }
    if (Array.isArray(value)) return value.map((item) => resolve(item, style));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, style)]));
    }
    return value;
  };

  const axis = (narrow) => ({
    gridcolor: "var(--grid)",
    linecolor: "var(--axis)",
    tickcolor: "var(--axis)",
    zerolinecolor: "var(--axis)",
    zerolinewidth: 1,
    automargin: true,
    fixedrange: narrow,
    tickfont: { color: "var(--muted)", size: narrow ? 11 : 12 },
  });

  const months = [
    { dtickrange: [null, 86400000 * 20], value: "%Y-%m-%d" },
    { dtickrange: [86400000 * 20, "M11"], value: "%Y-%m" },
    { dtickrange: ["M11", null], value: "%Y" },
  ];

  const layoutOf = (given, width) => {
    const narrow = width < 560;
    const layout = {
      autosize: true,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: "var(--ink)" },
      margin: { l: 8, r: 8, t: 12, b: 0 },
      hovermode: "x unified",
      hoverlabel: { bgcolor: "var(--surface)", bordercolor: "var(--axis)", font: { color: "var(--ink)", size: 12 }, namelength: -1 },
      dragmode: narrow ? false : "zoom",
      ...given,
      xaxis: {
        ...axis(narrow),
        showgrid: false,
        showline: true,
        nticks: narrow ? 5 : 10,
        spikecolor: "var(--axis)",
        spikethickness: 1,
        spikedash: "solid",
        ...given.xaxis,
      },
    };
    if (layout.xaxis.type === "date") layout.xaxis.tickformatstops = months;
    for (const name of ["yaxis", "yaxis2"]) {
      if (given[name]) layout[name] = { ...axis(narrow), nticks: 6, ...given[name], fixedrange: true };
    }
    return layout;
  };

  const draw = (chart, width) => {
    const style = getComputedStyle(root);
    const layout = layoutOf(chart.figure.layout, width || chart.element.clientWidth);
    if (width) Object.assign(layout, { autosize: false, width, height: chart.element.clientHeight });
    chart.drawn = true;
    const config = { displayModeBar: false, responsive: !width, doubleClick: "reset" };
    return Plotly.react(chart.element, resolve(chart.figure.data, style), resolve(layout, style), config);
  };

  const drawAll = (width) => charts.filter((chart) => chart.drawn).forEach((chart) => draw(chart, width));

  const follow = (source, change) => {
    if (linking) return;
    const axisChange = Object.fromEntries(Object.entries(change).filter(([key]) => key.startsWith("xaxis.")));
    if (!Object.keys(axisChange).length) return;
    linking = true;
    const others = charts.filter(({ element }) => element !== source && "linked" in element.dataset && element.data);
    Promise.all(others.map(({ element }) => Plotly.relayout(element, { ...axisChange }))).finally(() => {
      linking = false;
    });
  };

  for (const script of document.querySelectorAll("script[data-figure]")) {
    const element = document.getElementById(script.dataset.figure);
    const chart = { element, figure: JSON.parse(script.textContent), drawn: false };
    charts.push(chart);
    const details = element.closest("details");
    const start = () => {
      draw(chart);
      if ("linked" in element.dataset) element.on("plotly_relayout", (change) => follow(element, change));
    };
    if (details && !details.open) details.addEventListener("toggle", start, { once: true });
    else start();
  }

  for (const legend of document.querySelectorAll(".legend")) {
    const chart = charts.find(({ element }) => element.id === legend.dataset.chart);
    [...legend.querySelectorAll("button")].forEach((button, place) => {
      button.addEventListener("click", () => {
        const shown = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(shown));
        chart.figure.data[place].visible = shown;
        Plotly.restyle(chart.element, { visible: shown }, [place]);
      });
    });
  }

  for (const block of document.querySelectorAll(".searchable")) {
    const rows = [...block.querySelectorAll("tbody tr")];
    const shown = block.querySelector(".search-count b");
    block.querySelector("input").addEventListener("input", (event) => {
      const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
      shown.textContent = String(rows.filter((row) => !row.hidden).length);
    });
  }

  // What a cell shows as a number; null where it shows a dash, which stays last either way.
  const numberIn = (cell) => {
    const text = cell.textContent.trim().replace(/\u2212/g, "-").replace(/[,%]/g, "");
    const value = Number.parseFloat(text);
    return Number.isNaN(value) ? null : value;
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    const headings = [...table.querySelectorAll("thead th")];
    const body = table.querySelector("tbody");
    headings.forEach((heading, place) => {
      const numeric = heading.classList.contains("numeric");
      heading.querySelector("button").addEventListener("click", () => {
        const before = heading.getAttribute("aria-sort");
        const down = before ? before === "ascending" : numeric;
        headings.forEach((each) => each.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", down ? "descending" : "ascending");
        const sign = down ? -1 : 1;
        const keyed = [...body.rows].map((row) => {
          const cell = row.cells[place];
          return { row, key: numeric ? numberIn(cell) : cell.textContent.trim() };
        });
        keyed.sort((one, other) => {
          if (one.key === null || other.key === null) return (one.key === null) - (other.key === null);
          return sign * (numeric ? one.key - other.key : one.key.localeCompare(other.key, "en", { numeric: true }));
        });
        body.append(...keyed.map(({ row }) => row));
      });
    });
  }

  let wasNarrow = window.innerWidth < 640;
  window.addEventListener("resize", () => {
    const narrow = window.innerWidth < 640;
    if (narrow !== wasNarrow) drawAll();
    wasNarrow = narrow;
  });
  dark.addEventListener("change", () => drawAll());
  window.addEventListener("beforeprint", () => {
    root.dataset.scheme = "light";
    drawAll(printWidth);
  });
  window.addEventListener("afterprint", () => {
    delete root.dataset.scheme;
    drawAll();
  });
})();
