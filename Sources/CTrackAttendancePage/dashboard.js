"use strict";

// The public attendance page. What it asks for and when is docs/dialects/trackattendance.md, section 5.3.
// Names come from whoever set up a kiosk, so text only ever enters the page as text (`textContent`).
{
  /** Seconds between two refreshes when the server names no usable number. */
  const REFRESH_DEFAULT_SECONDS = 60;
  /** Seconds after which a request is given up. A phone that changes networks would otherwise wait for minutes. */
  const REQUEST_SECONDS_MAX = 15;
  /** The longest wait that a `retry-after` can impose, so that one wrong header cannot silence a TV wall. */
  const RETRY_AFTER_SECONDS_MAX = 3600;
  /** Seconds that a station's state can be vouched for: the server calls one offline after 120, plus some delay. */
  const STATE_SECONDS_MAX = 150;
  /** Seconds between two spoken changes of the numbers. */
  const SPOKEN_PAUSE_SECONDS = 60;
  /** Seconds between two redraws of "8 s ago". Every second would make a wall of stations flicker. */
  const AGE_STEP_SECONDS = 5;
  /** Pixels that a finger has to pull down for a refresh. */
  const PULL_PIXELS = 72;
  /** The unit in which the server counts badges that came without one. */
  const UNMATCHED = "Unmatched";

  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);

  // ---- Theme ------------------------------------------------------------------------------------------------------
  // Resolved here and not in the style sheet, so that the dark colours are written down once.

  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  const themes = ["automatic", "light", "dark"];
  const themeKey = "attendance-theme";
  let theme = themes[0];
  try {
    const kept = localStorage.getItem(themeKey);
    if (themes.includes(kept)) theme = kept;
  } catch {
    // Storage can be forbidden; then the choice lasts as long as the page.
  }

  function applyTheme() {
    const dark = theme === "dark" || (theme === "automatic" && systemIsDark.matches);
    root.dataset.theme = dark ? "dark" : "light";
    root.dataset.choice = theme;
    document.querySelector("meta[name=theme-color]").content = dark ? "#0e1412" : "#f3f2ec";
    const button = byId("theme");
    if (button) button.title = `Theme: ${theme}`;
    if (button) button.setAttribute("aria-label", button.title);
  }

  function nextTheme() {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    try {
      localStorage.setItem(themeKey, theme);
    } catch {
      // As above.
    }
    applyTheme();
    speak(`Theme: ${theme}`);
  }

  applyTheme();
  systemIsDark.addEventListener?.("change", applyTheme);

  // ---- Numbers and words ------------------------------------------------------------------------------------------
  // In English like the page around them. Only the time of day belongs to the viewer: his clock, his zone.

  const grouped = new Intl.NumberFormat("en");
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const clockWithDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const nameOrder = new Intl.Collator("en", { numeric: true });

  const count = (value) => (typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0);
  const rows = (value) => (Array.isArray(value) ? value.filter((row) => row !== null && typeof row === "object") : []);
  const name = (value) => (value === undefined || value === null ? "" : String(value));

  // The second comparison keeps names apart that look alike, such as a composed and a decomposed "é".
  const inNameOrder = (a, b) => nameOrder.compare(a.name, b.name) || (a.name < b.name ? -1 : 1);

  /** A share with `digits` decimals. It never rounds towards 100, because "100%" means everybody. */
  function percent(part, whole, digits) {
    const scale = 10 ** digits;
    const exact = (part * 100 * scale) / whole;
    return `${grouped.format((part < whole ? Math.floor(exact) : Math.ceil(exact)) / scale)}%`;
  }

  function age(seconds) {
    if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
    const days = Math.floor(seconds / 86400);
    return days === 1 ? "1 day ago" : `${days} days ago`;
  }

  function timeOfDay(moment) {
    const today = new Date().toDateString() === moment.toDateString();
    return (today ? clock : clockWithDay).format(moment);
  }

  const secondsSince = (then) => (Date.now() - then) / 1000;

  // ---- Asking the server ------------------------------------------------------------------------------------------

  /** Why a request brought nothing, in words for the viewer. */
  class Trouble extends Error {
    constructor(message, waitSeconds = 0) {
      super(message);
      this.waitSeconds = waitSeconds;
    }
  }

  async function read(path) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), REQUEST_SECONDS_MAX * 1000);
    try {
      const response = await fetch(path, { cache: "no-store", signal: abort.signal }).catch(() => {
        throw new Trouble(navigator.onLine ? "The server cannot be reached." : "This device is offline.");
      });
      if (response.status === 429) {
        throw new Trouble("Too many requests for now.", retryAfter(response.headers.get("retry-after")));
      }
      if (!response.ok) throw new Trouble(`The server answered with error ${response.status}.`);
      const value = await response.json().catch(() => null);
      if (value === null || typeof value !== "object") throw new Trouble("The server’s answer could not be read.");
      return value;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Seconds to wait from a header that holds seconds or a date. */
  function retryAfter(header) {
    const seconds = /^\d+$/.test(header ?? "") ? Number(header) : (Date.parse(header ?? "") - Date.now()) / 1000;
    return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 1), RETRY_AFTER_SECONDS_MAX) : REFRESH_DEFAULT_SECONDS;
  }

  let refreshSeconds = REFRESH_DEFAULT_SECONDS;

  /** Asks one address again and again: never twice at once, never while hidden, never before the server allows it. */
  class Feed {
    constructor(path, taken, failed) {
      Object.assign(this, { path, taken, failed, running: null, timer: 0, waitUntil: 0, nextAt: 0 });
    }

    ask() {
      if (this.running) return this.running;
      clearTimeout(this.timer);
      if (Date.now() < this.waitUntil) {
        this.planAt(this.waitUntil);
        return Promise.resolve();
      }
      this.running = read(this.path)
        .then(this.taken, (trouble) => {
          if (trouble.waitSeconds) this.waitUntil = Date.now() + trouble.waitSeconds * 1000;
          this.failed(trouble);
        })
        .finally(() => {
          this.running = null;
          this.plan();
        });
      return this.running;
    }

    /** Plans the next request. One that was refused for now is still owed, even when nothing refreshes by itself. */
    plan() {
      if (Date.now() < this.waitUntil) this.planAt(this.waitUntil);
      else if (refreshSeconds > 0) this.planAt(Date.now() + refreshSeconds * 1000);
      else this.pause();
    }

    planAt(moment) {
      this.pause();
      if (document.hidden) return;
      this.nextAt = moment;
      this.timer = setTimeout(() => this.ask(), Math.max(0, moment - Date.now()));
      draw();
    }

    pause() {
      clearTimeout(this.timer);
      this.nextAt = 0;
    }
  }

  // ---- What is known ----------------------------------------------------------------------------------------------

  const known = { stats: null, statsAt: 0, status: null, statusAt: 0, trouble: null, spokenAt: 0, spokenPresent: null };

  const stats = new Feed(
    "../v1/dashboard/public/stats",
    (value) => {
      const recovered = known.trouble !== null;
      Object.assign(known, { stats: value, statsAt: Date.now(), trouble: null });
      draw();
      speakNumbers(recovered);
    },
    (trouble) => {
      if (known.trouble === null) speak(trouble.message);
      known.trouble = trouble.message;
      draw();
    });

  const status = new Feed(
    "../v1/stations/status",
    (value) => {
      Object.assign(known, { status: value, statusAt: Date.now() });
      draw();
    },
    // Ignored: the numbers are the page, the stations' states a comfort. They turn grey when they get too old.
    () => {});

  async function refresh() {
    root.dataset.busy = "";
    await Promise.all([stats.ask(), status.ask()]);
    delete root.dataset.busy;
  }

  function readRefreshInterval() {
    return read("../v1/dashboard/public/config").then(
      ({ refresh_interval: seconds }) => {
        const usable = seconds === 0 || (Number.isInteger(seconds) && seconds >= 10 && seconds <= 600);
        refreshSeconds = usable ? seconds : REFRESH_DEFAULT_SECONDS;
      },
      () => {}); // Without an answer the default stays.
  }

  // ---- Speaking ---------------------------------------------------------------------------------------------------

  function speak(text) {
    setText(byId("spoken"), text);
  }

  function speakNumbers(recovered) {
    const present = count(known.stats.unique_badges);
    if (known.spokenPresent === null) known.spokenPresent = present; // The first number is read with the page.
    const pause = secondsSince(known.spokenAt) < SPOKEN_PAUSE_SECONDS;
    if (!recovered && (present === known.spokenPresent || pause)) return;
    known.spokenAt = Date.now();
    known.spokenPresent = present;
    speak(`${recovered ? "Connected again. " : ""}${grouped.format(present)} present.`);
  }

  // ---- Drawing ----------------------------------------------------------------------------------------------------
  // Everything is drawn from `known` at once; only what differs touches the page.

  function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function setBar(fill, part, whole) {
    const share = whole > 0 ? Math.min(part / whole, 1) : 0;
    fill.style.setProperty("--share", `${share * 100}%`);
  }

  /** Tells the style sheet how many digits wide a number is; a separator takes about half of one. */
  function setGlyphs(element) {
    const text = element.textContent;
    element.style.setProperty("--glyphs", text.length - 0.55 * (text.match(/[.,]/g) ?? []).length);
  }

  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  /** Shows a number that can grow, and lets it light up when it did. */
  function setCount(element, value) {
    const before = element.dataset.value;
    setText(element, grouped.format(value));
    element.dataset.value = value;
    if (before !== undefined && value > Number(before) && !calm.matches && element.animate) {
      element.animate([{ color: "var(--grown)" }, {}], { duration: 2400, easing: "ease-out" });
    }
  }

  /** Makes `list` show `items`, keeping the row of each name so that its bar can move instead of jump. */
  function drawRows(list, items, template, fill) {
    const spare = new Map(Array.from(list.children, (row) => [row.dataset.key, row]));
    items.forEach((item, index) => {
      let row = spare.get(item.name);
      if (row) spare.delete(item.name);
      else {
        row = template.content.firstElementChild.cloneNode(true);
        row.dataset.key = item.name;
        setText(row.querySelector(".name"), item.name);
        row.querySelector(".name").title = item.name;
      }
      fill(row, item);
      if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    });
    spare.forEach((row) => row.remove());
  }

  function draw() {
    drawTrouble();
    drawRhythm();
    if (known.stats) {
      drawHero(known.stats);
      drawUnits(known.stats);
    }
    drawStations();
    drawEmpty();
  }

  /** How densely a list has to be set on a screen that nobody scrolls. */
  const sizeClass = (rows, fewMax, manyMax) => (rows <= fewMax ? "few" : rows <= manyMax ? "many" : "crowd");

  function drawHero(numbers) {
    const present = count(numbers.unique_badges);
    const registered = count(numbers.total_registered);
    setCount(byId("present"), present);
    setCount(byId("scans"), count(numbers.total_scans));
    setCount(byId("registered"), registered);
    byId("reach").hidden = registered === 0;
    if (registered > 0) {
      setText(byId("rate"), percent(present, registered, 1));
      setBar(byId("rate-fill"), present, registered);
      byId("over").hidden = present <= registered;
    }
    for (const id of ["present", "rate", "scans", "registered"]) setGlyphs(byId(id));
    document.title = `${grouped.format(present)} present · Attendance`;

    const told = new Date(numbers.timestamp ?? NaN);
    const moment = Number.isNaN(told.getTime()) ? new Date(known.statsAt) : told;
    setText(byId("updated"), timeOfDay(moment));
    byId("updated").dateTime = moment.toISOString();
  }

  function drawUnits(numbers) {
    const units = rows(numbers.business_units).map((row) => ({
      name: name(row.name), present: count(row.unique), registered: count(row.registered),
    }));
    const isUnmatched = (unit) => unit.name === UNMATCHED && unit.registered === 0;
    units.sort((a, b) => isUnmatched(a) - isUnmatched(b) || inNameOrder(a, b));

    // Without a roster there is nothing to reach, so the bars compare the units with the largest one.
    const anyRegistered = units.some((unit) => unit.registered > 0);
    const largest = Math.max(0, ...units.filter((unit) => !isUnmatched(unit)).map((unit) => unit.present));

    drawRows(byId("units"), units, byId("unit-row"), (row, unit) => {
      const unmatched = isUnmatched(unit);
      row.classList.toggle("unmatched", unmatched);
      setCount(row.querySelector(".count"), unit.present);
      setText(row.querySelector(".of"), unit.registered > 0 ? `of ${grouped.format(unit.registered)}` : "");
      setText(
        row.querySelector(".share"),
        unmatched ? "badges without a business unit"
          : unit.registered > 0 ? percent(unit.present, unit.registered, 0)
          : anyRegistered ? "not on the roster" : "");
      row.querySelector(".bar").hidden = unmatched || (anyRegistered && unit.registered === 0);
      setBar(row.querySelector(".fill"), unit.present, anyRegistered ? unit.registered : largest);
    });
    byId("units-card").hidden = units.length === 0;
    const named = units.filter((unit) => !isUnmatched(unit)).length;
    byId("units-card").dataset.size = sizeClass(named, 12, 26);
    setText(byId("units-sum"), named === 1 ? "1 unit" : `${named} units`);
  }

  function drawStations() {
    const stations = new Map();
    const station = (key) => {
      if (!stations.has(key)) stations.set(key, { name: key, present: 0, state: "silent", text: "No live signal" });
      return stations.get(key);
    };
    for (const row of rows(known.stats?.stations)) station(name(row.name)).present = count(row.unique);
    for (const row of rows(known.status?.stations)) Object.assign(station(name(row.station_name)), liveState(row));

    const list = [...stations.values()].sort(inNameOrder);
    drawRows(byId("stations"), list, byId("station-row"), (row, { present, state, text }) => {
      row.dataset.state = state;
      setText(row.querySelector(".state"), text);
      if (known.stats) setCount(row.querySelector(".count"), present);
    });
    byId("stations-card").hidden = list.length === 0;
    byId("stations-card").dataset.size = sizeClass(list.length, 8, 24);
    const ready = list.filter((one) => one.state === "ready").length;
    setText(byId("stations-sum"), known.status && secondsSince(known.statusAt) <= STATE_SECONDS_MAX ? `${ready} of ${list.length} ready` : "");
  }

  /** A station's state as it can be told now: what the server said, and that it was said a while ago. */
  function liveState(row) {
    const passed = secondsSince(known.statusAt);
    const heard = Number.isFinite(row.seconds_ago) ? age(row.seconds_ago + passed) : "";
    const withAge = (word) => (heard ? `${word} · ${heard}` : word);
    if (row.status === "offline") return { state: "offline", text: withAge("Offline") };
    if (passed > STATE_SECONDS_MAX) return { state: "silent", text: withAge("Last heard") };
    if (row.status === "pending") return { state: "clearing", text: withAge("Clearing") };
    if (row.status === "ready") return { state: "ready", text: withAge("Ready") };
    return { state: "silent", text: heard };
  }

  function drawTrouble() {
    const shown = known.trouble !== null;
    byId("trouble").hidden = !shown;
    root.dataset.link = shown ? "broken" : known.stats ? "live" : "starting";
    if (!shown) return;
    setText(byId("trouble-what"), known.trouble);
    setText(
      byId("trouble-age"),
      known.stats ? `Numbers from ${byId("updated").textContent}, ${age(secondsSince(known.statsAt))}.` : "There are no numbers yet.");
    setText(
      byId("trouble-next"),
      stats.nextAt ? `Next try at ${timeOfDay(new Date(stats.nextAt))}.` : stats.running ? "Trying again…" : "Refresh to try again.");
  }

  function drawRhythm() {
    setText(byId("rhythm"), refreshSeconds > 0 ? `Refreshes every ${refreshSeconds} s` : "Automatic refresh is off");
  }

  function drawEmpty() {
    const numbers = known.stats;
    byId("empty").hidden = numbers === null || count(numbers.total_scans) > 0 || count(numbers.unique_badges) > 0;
  }

  /** The address that a kiosk needs is this page's without `/dashboard/`; it may hold a tenant's base path. */
  function showAddress() {
    setText(byId("address"), new URL("..", location.href).href.replace(/\/$/, ""));
    byId("address-local").hidden = !/^(localhost|127\.[\d.]+|\[::1\])$/.test(location.hostname);
  }

  // ---- Pulling down -----------------------------------------------------------------------------------------------
  // The browser's own gesture, where there is one, loads the whole page anew; the style sheet switches it off.

  function listenForPull() {
    const mark = byId("pull");
    let from = null;
    let pulled = 0;
    const show = (pixels) => {
      pulled = pixels;
      mark.style.setProperty("--pull", Math.min(pixels / PULL_PIXELS, 1.25));
      mark.classList.toggle("ready", pixels >= PULL_PIXELS);
    };
    addEventListener("touchstart", (event) => {
      from = event.touches.length === 1 && scrollY <= 0 ? event.touches[0] : null;
    }, { passive: true });
    addEventListener("touchmove", (event) => {
      if (from === null) return;
      const down = event.touches[0].clientY - from.clientY;
      const across = Math.abs(event.touches[0].clientX - from.clientX);
      if (event.touches.length > 1 || scrollY > 0 || across > Math.max(down, 24)) {
        from = null;
        show(0);
      } else show(Math.max(0, down * 0.5)); // Half the way of the finger, so that it feels like a spring.
    }, { passive: true });
    addEventListener("touchend", () => {
      if (pulled >= PULL_PIXELS) refresh();
      from = null;
      show(0);
    });
    addEventListener("touchcancel", () => {
      from = null;
      show(0);
    });
  }

  // ---- Start ------------------------------------------------------------------------------------------------------

  document.addEventListener("DOMContentLoaded", () => {
    applyTheme();
    showAddress();
    byId("theme").addEventListener("click", nextTheme);
    byId("refresh").addEventListener("click", refresh);
    listenForPull();
    addEventListener("online", () => document.hidden || refresh());
    addEventListener("pageshow", (event) => event.persisted && refresh());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) return refresh();
      stats.pause();
      status.pause();
    });
    setInterval(() => document.hidden || draw(), AGE_STEP_SECONDS * 1000);

    // All three leave in this order and at once: nobody waits for the interval to see the numbers.
    const interval = readRefreshInterval();
    refresh();
    interval.then(() => {
      if (!stats.running) stats.plan();
      if (!status.running) status.plan();
      draw();
    });
  });
}
