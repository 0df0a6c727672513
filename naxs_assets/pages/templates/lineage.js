(() => {
  "use strict";
  const fewChips = 24;
  const trailEnds = 3;
  const wide = window.innerWidth >= 640;

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  const both = ({ zh, en }) => {
    if (!en) return [make("span", { class: "zh" }, zh)];
    return [make("span", { class: "zh" }, zh), " ", make("span", { class: "en", lang: "en" }, en)];
  };

  const plain = ({ zh, en }) => (en ? `${zh} ${en}` : zh);

  const placeName = (asset, partition) => (partition ? `${asset}[${partition}]` : asset);

  const browse = (block, graph) => {
    const { texts } = graph;
    const node = (number) => {
      const [asset, partition, hash, rows, code] = graph.nodes[number];
      const kind = code !== undefined ? "version" : hash ? "outside" : "absent";
      return { asset: graph.assets[asset], partition, hash, rows, code: graph.codes[code], kind };
    };
    // Each step: the node one stands at (none at the start), the day it was read up to, and what
    // was opened and followed there, so that going back finds things as they were left.
    const trail = [{ open: new Set() }];

    const follow = (number, cut) => {
      trail[trail.length - 1].followed = number;
      trail.push({ number, cut, open: new Set() });
      render(true);
    };

    const returnTo = (length) => {
      trail.length = length;
      render(true);
    };

    const chip = (number, cut, label, step) => {
      const { asset, partition, kind } = node(number);
      const name = placeName(asset, partition) + (cut ? ` · ${plain(texts.until)} ${cut}` : "");
      const button = make("button", { type: "button", class: `chip ${kind}`, title: name, "aria-label": name }, label);
      // A month cut to a day shows the day; what has no month shows the whole date.
      if (cut) button.append(make("small", {}, ` ≤${cut.startsWith(partition) && partition ? cut.slice(8) : cut}`));
      if (step.followed === number) button.classList.add("followed");
      button.addEventListener("click", () => follow(number, cut));
      return button;
    };

    const chips = (reads, step) => {
      const box = make("div", { class: "chips" });
      const years = new Map();
      for (const [number, cut] of reads) {
        const { asset, partition } = node(number);
        const month = /^\d{4}-\d{2}$/.test(partition);
        const year = month ? partition.slice(0, 4) : "";
        if (!years.has(year)) years.set(year, []);
        years.get(year).push(chip(number, cut, month ? partition.slice(5) : partition || asset, step));
      }
      for (const [year, buttons] of years) {
        const row = make("div", { class: "chip-row" });
        if (year) row.append(make("span", { class: "year" }, year));
        row.append(make("div", { class: "chip-cells" }, ...buttons));
        box.append(row);
      }
      return box;
    };

    const group = (asset, reads, step, open) => {
      const partitions = reads.map(([number]) => node(number).partition);
      const span = `${partitions.length} · ${partitions[0]} – ${partitions[partitions.length - 1]}`;
      const details = make("details", {}, make("summary", {}, make("span", { class: "code" }, asset), " ", make("span", { class: "extent" }, span)));
      const fill = () => {
        if (details.childElementCount === 1) details.append(chips(reads, step));
      };
      details.addEventListener("toggle", () => {
        if (details.open) fill();
        if (details.isConnected) step.open[details.open ? "add" : "delete"](asset);
      });
      if (open) {
        details.open = true;
        fill();
      }
      return details;
    };

    const groups = (entries, step) => {
      const byAsset = new Map();
      for (const entry of entries) {
        const read = Array.isArray(entry) ? entry : [entry, ""];
        const { asset } = node(read[0]);
        if (!byAsset.has(asset)) byAsset.set(asset, []);
        byAsset.get(asset).push(read);
      }
      const seen = step.followed !== undefined || step.open.size > 0;
      return [...byAsset].map(([asset, reads], place) => {
        if (reads.length > 1) return group(asset, reads, step, seen ? step.open.has(asset) : (place === 0 && wide) || reads.length <= fewChips);
        const [[number, cut]] = reads;
        return make("div", { class: "single code" }, chip(number, cut, placeName(asset, node(number).partition), step));
      });
    };

    const breadcrumb = () => {
      const list = make("ol");
      trail.forEach((step, place) => {
        const hidden = place > trailEnds - 1 && place < trail.length - trailEnds;
        if (hidden) {
          if (place === trailEnds) list.append(make("li", { class: "gap" }, "…"));
          return;
        }
        const { asset, partition } = step.number === undefined ? {} : node(step.number);
        const label = step.number === undefined ? both(graph.start) : [make("span", { class: "code" }, placeName(asset, partition))];
        if (place === trail.length - 1) {
          list.append(make("li", { "aria-current": "location" }, ...label));
          return;
        }
        const button = make("button", { type: "button" }, ...label);
        button.addEventListener("click", () => returnTo(place + 1));
        list.append(make("li", {}, button));
      });
      return make("nav", { class: "trail", "aria-label": plain(texts.trail) }, list);
    };

    const facts = (here, cut) => {
      const list = make("dl", { class: "lineage-facts" });
      const add = (name, value) => list.append(make("div", {}, make("dt", {}, ...both(name)), make("dd", { class: "code" }, value)));
      if (here.hash) add(here.kind === "outside" ? texts.digest : texts.version, here.hash);
      if (Number.isInteger(here.rows)) add(texts.rows, here.rows.toLocaleString("en-US"));
      if (here.code) add(texts.code, here.code);
      if (cut) add(texts.until, cut);
      return list;
    };

    const render = (moved) => {
      const step = trail[trail.length - 1];
      const start = step.number === undefined;
      const here = start ? null : node(step.number);
      const entries = start ? graph.roots : graph.inputs[step.number];
      const heading = make("h3", { tabindex: "-1" }, ...(start ? both(graph.start) : [make("span", { class: "code" }, placeName(here.asset, here.partition))]));
      const parts = [heading];
      if (here) {
        const back = make("button", { type: "button", class: "back" }, "← ", ...both(texts.back));
        back.addEventListener("click", () => returnTo(trail.length - 1));
        parts.unshift(make("div", { class: "trail-line" }, back, breadcrumb()));
        parts.push(facts(here, step.cut));
      }
      if (entries.length) {
        parts.push(make("h4", {}, ...both(texts.made_from)), ...groups(entries, step));
      } else {
        const end = here && here.kind !== "version" ? texts[here.kind] : texts.nothing;
        parts.push(make("p", { class: "end" }, ...both(end)));
      }
      block.replaceChildren(...parts);
      if (!moved) return;
      const followed = block.querySelector(".chip.followed");
      (followed || heading).focus({ preventScroll: true });
      if (followed) followed.scrollIntoView({ block: "nearest" });
      else if (block.getBoundingClientRect().top < 0) block.scrollIntoView();
    };

    block.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || trail.length === 1) return;
      event.preventDefault();
      returnTo(trail.length - 1);
    });
    block.hidden = false;
    render(false);
  };

  for (const script of document.querySelectorAll("script[data-lineage]")) {
    browse(document.getElementById(script.dataset.lineage), JSON.parse(script.textContent));
  }
})();
