"""What the ledger says, folded by rules written a second time, and compared with what Muster says.

Nothing of the program is used here: entries come from the store itself, and the fold is the contract's in a few lines.
"""
import collections, datetime

SCAN, CLEAR_ALL, CLEAR_STATION, RENAME = 1, 2, 3, 4


class Span:
    """Scans that were sent under one name while it meant one station."""

    def __init__(self, shown):
        self.shown, self.scans = shown, {}


def moment(microseconds):
    seconds, rest = divmod(int(microseconds), 1_000_000)
    whole = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{rest // 1000:03d}Z"


class Ledger:
    """One tenant's entries so far. It reads on where it stopped, as far as the store has grown."""

    def __init__(self, store, tenant):
        self.store, self.tenant = store, tenant
        self.sequence = 0
        self.spans, self.open = [], {}
        # Each reference that counts, with its span; and how often each was ever entered.
        self.live, self.entered = {}, collections.Counter()
        self.sent = collections.Counter()
        self.acts = collections.Counter()
        self.epochs = collections.Counter()
        self.doubled, self.flaws = [], []

    def read_on(self):
        rows = self.store.rows(f"""
            SELECT e.sequence, e.kind, s.text, u.text, e.occurred_at_us, e.detail, p.identifier, p.reference
            FROM ledger_entry e
            LEFT JOIN ledger_personal p ON p.tenant_id = e.tenant_id AND p.sequence = e.sequence
            LEFT JOIN claim_term s ON s.tenant_id = e.tenant_id AND s.term_id = e.station_term
            LEFT JOIN claim_term u ON u.tenant_id = e.tenant_id AND u.term_id = e.unit_term
            WHERE e.tenant_id = {self.tenant} AND e.sequence > {self.sequence} ORDER BY e.sequence""")
        for sequence, kind, station, unit, occurred, detail, badge, reference in rows:
            self.sequence += 1
            if int(sequence) != self.sequence:
                self.flaws.append(f"entry {self.sequence} is missing")
                self.sequence = int(sequence)
            self._fold(int(kind), station, unit, occurred, detail, badge, reference)
        # Entries before those read now are looked at by `muster verify`; here only that none went away.
        count, references = self.store.rows(f"""
            SELECT (SELECT count(*) FROM ledger_entry WHERE tenant_id = {self.tenant}),
                   (SELECT count(*) FROM client_reference WHERE tenant_id = {self.tenant})""")[0]
        if int(count) != self.sequence:
            self.flaws.append(f"{count} entries, the last of which is {self.sequence}")
        if int(references) != len(self.entered):
            self.flaws.append(f"{references} references are kept of {len(self.entered)}")
        for station, scans in self.store.rows(f"SELECT station, scans FROM station_counter WHERE tenant_id = {self.tenant}"):
            if int(scans) != self.sent[station]:
                self.flaws.append(f"{station} has sent {self.sent[station]} and is told to have sent {scans}")

    def _fold(self, kind, station, unit, occurred, detail, badge, reference):
        self.acts[kind] += 1
        if kind == SCAN:
            self.entered[reference] += 1
            self.sent[station] += 1
            if reference in self.live:
                self.doubled.append(reference)
            span = self.open.get(station)
            if span is None:
                span = self.open[station] = Span(station)
                self.spans.append(span)
            span.scans[reference] = (badge, occurred, unit)
            self.live[reference] = span
        elif kind in (CLEAR_ALL, CLEAR_STATION):
            if kind == CLEAR_ALL:
                self.epochs[detail] += 1
            for span in self.spans:
                if kind == CLEAR_ALL or span.shown == station:
                    for cleared in span.scans:
                        self.live.pop(cleared, None)
                    span.scans = {}
        elif kind == RENAME:
            for span in self.spans:
                if span.shown == station:
                    span.shown = detail
            # What is sent under the old name from now on is a station of its own again.
            for claimed in [claimed for claimed, span in self.open.items() if span.shown == detail and claimed != detail]:
                del self.open[claimed]

    def differences(self, stats, export):
        """How the program's answers differ from this fold."""
        rows = collections.Counter()
        by_station, by_unit, badges, scans = {}, {}, set(), {}
        for span in self.spans:
            for badge, occurred, unit in span.scans.values():
                rows[badge, span.shown, moment(occurred), unit] += 1
                by_station.setdefault(span.shown, set()).add(badge)
                scans[span.shown] = scans.get(span.shown, 0) + 1
                by_unit.setdefault(unit, set()).add(badge)
                badges.add(badge)
        exported = collections.Counter(
            (scan["badge_id"], scan["station_name"], scan["scanned_at"], scan["business_unit"]) for scan in export["scans"])
        found = []
        if exported != rows:
            found.append(f"the export lacks {(rows - exported).total()} scans and has {(exported - rows).total()} too many")
        if export["total_records"] != len(export["scans"]):
            found.append(f"the export says {export['total_records']} and has {len(export['scans'])}")
        said = {station["name"]: (station["scans"], station["unique"]) for station in stats["stations"] if station["scans"]}
        mine = {name: (scans[name], len(unique)) for name, unique in by_station.items()}
        if said != mine:
            found.append(f"stations: {sorted(set(said.items()) ^ set(mine.items()))[:4]}")
        if (stats["total_scans"], stats["unique_badges"]) != (rows.total(), len(badges)):
            found.append(f"{stats['total_scans']} scans of {stats['unique_badges']} badges, not {rows.total()} of {len(badges)}")
        units = {unit["name"]: unit["unique"] for unit in stats["business_units"] if unit["unique"]}
        if units != {name: len(unique) for name, unique in by_unit.items()}:
            found.append("units")
        return found
