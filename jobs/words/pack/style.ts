/** The look of a pack's page: dark text on white (contrast over 7:1), readable at 320 pixels, and on paper. */
export const style = `
:root { color-scheme: light; --ink: #14202b; --soft: #46535f; --line: #c5ced6; --pale: #f1f4f7; --sent: #0b5c8a; --held: #6b4a00; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; font: 1rem/1.5 system-ui, "Segoe UI", "Liberation Sans", Arial, sans-serif; overflow-wrap: anywhere; }
header, main, footer { max-width: 62rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.5rem; border-bottom: 4px solid var(--sent); }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .5rem; padding-top: .5rem; border-top: 1px solid var(--line); }
p, ul, ol, dl { max-width: 46rem; }
.soft, caption, footer { color: var(--soft); }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .15rem 1rem; margin: .75rem 0 1rem; }
dt { font-weight: 600; } dd { margin: 0; min-width: 0; }
.wide { overflow-x: auto; margin: .75rem 0 1rem; }
.wide:focus-visible, a:focus-visible { outline: 3px solid #b35900; outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0 0 .4rem; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: normal; }
thead th { border-bottom: 2px solid var(--ink); background: var(--pale); }
th[scope=row] { font-weight: 600; } time, .nights th[scope=row] { white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
.code, code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .85rem; }
.code { overflow-wrap: anywhere; min-width: 8rem; }
pre { background: var(--pale); border: 1px solid var(--line); padding: .75rem; overflow-x: auto; white-space: pre-wrap; }
.bar { display: block; height: .9rem; background: var(--held); min-width: 1px; } .bar.sent { background: var(--sent); }
.barcell { width: 45%; }
.funnel .wide td:last-child { width: 45%; min-width: 6rem; vertical-align: middle; }
figure { margin: .5rem 0 1rem; } figcaption { color: var(--soft); max-width: 46rem; }
svg { width: 100%; min-width: 28rem; height: auto; max-height: 16rem; font-size: 13px; fill: var(--ink); }
svg .grid line { stroke: var(--line); stroke-width: 1; }
svg .released { fill: var(--sent); } svg .hidden { fill: #fff; stroke: var(--sent); stroke-width: 1.5; }
svg .nothing { fill: var(--held); } svg .missing { fill: #b00020; }
.key { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .25rem 0; }
.key span { display: inline-block; width: .9rem; height: .9rem; margin-right: .4rem; vertical-align: -.1rem; border: 1.5px solid transparent; }
.key .released { background: var(--sent); } .key .hidden { border-color: var(--sent); } .key .nothing { background: var(--held); } .key .missing { background: #b00020; }
.missing-night { color: #b00020; font-weight: 600; }
footer { padding: 1rem 1rem 2rem; border-top: 1px solid var(--line); margin-top: 2rem; font-size: .9rem; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dt { margin-top: .4rem; } h1 { font-size: 1.4rem; } }
@media print {
  svg { min-width: 0; }  body { font-size: 9.5pt; } .wide { overflow: visible; } h2 { break-after: avoid; } tr, figure, pre { break-inside: avoid; }
  thead { display: table-header-group; } .bar, svg * , .key span { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  @page { size: A4; margin: 15mm; }
}
`;
