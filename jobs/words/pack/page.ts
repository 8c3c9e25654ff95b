import { heldBackReasons } from '../../../src/domain/eligibility.ts';
import type { HeldBackReason } from '../../../src/domain/eligibility.ts';
import type { PackFacts, Shown, ShownNight, ShownRun } from '../../../src/domain/provider-pack.ts';
import { askedWords, gateWords } from '../reasons.ts';
import { trendChart, trendText } from './chart.ts';
import { escaped, foreign, table } from './html.ts';
import { evidenced, limits } from './requirements.ts';
import { style } from './style.ts';

/**
 * The page of an auditor pack: plain English for a clinician and an auditor, one file, no script, nothing fetched, fit for a printer and a
 * screen reader. The same facts give the same bytes. `hasScript`: the pack brings its own checker.
 */
export function packPage(facts: PackFacts, hasScript: boolean): string {
  const { provider, from, to } = facts;
  const title = `What was sent for ${provider.name ?? provider.id}, ${from} to ${to}`;
  return `<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>What was sent to NHS England for ${foreign(provider.name ?? provider.id)}</h1>
<p>VIVALDI Social Care, ${escaped(from)} to ${escaped(to)}. NHS numbers are all that is ever sent, and only of people who take part, were informed beforehand, have not opted out, and were returned by the national check for that very night.</p>
${about(facts)}
</header>
<main>
${section('nights-in-short', 'In short', inShort(facts))}
${section('funnel', 'The last night that sent', funnel(facts), 'funnel')}
${section('trend', 'Night by night', trend(facts))}
${section('nights', 'Every night of the period', nightsTable(facts))}
${section('terms', 'Under which terms', termsTable(facts))}
${section('check', 'How to check this pack', howToCheck(hasScript))}
${section('limits', 'What this pack cannot show', list(limits))}
${section('requirements', 'Which requirement it is evidence for', requirementsTable())}
</main>
<footer><p>Made from the signed log ${foreign(facts.log.origin)}, up to entry ${facts.log.size - 1}. The same period gives the same pack, byte for byte.</p></footer>
</body>
</html>
`;
}

const section = (id: string, title: string, content: string, kind = ''): string =>
  `<section aria-labelledby="${id}-title"${kind === '' ? '' : ` class="${kind}"`}>\n<h2 id="${id}-title">${escaped(title)}</h2>\n${content}\n</section>`;

const list = (lines: readonly string[]): string =>
  `<ul>\n${lines.map((line) => `<li>${escaped(line)}</li>`).join('\n')}\n</ul>`;

function about({ provider, log }: PackFacts): string {
  const lines = [
    ['Provider', `${foreign(provider.id)}${provider.name === null ? '' : ` (${foreign(provider.name)})`}`],
    ['Log', `<code>${escaped(log.origin)}</code>`],
    ['Checkpoint', `${log.size.toLocaleString('en-GB')} entries, root <code>${escaped(log.root)}</code>`],
  ];
  return `<dl>${lines.map(([term, what]) => `<dt>${term}</dt><dd>${what}</dd>`).join('')}</dl>`;
}

const countWords = (count: Shown): string => (count === null ? 'hidden' : count.toLocaleString('en-GB'));

const reasonWords = (reason: HeldBackReason): string =>
  reason === 'objected-late'
    ? 'objected in a newer intake, before anybody was asked about'
    : gateWords[reason];

const nightsWhere = (nights: readonly ShownNight[], holds: (run: ShownRun) => boolean): number =>
  nights.filter(({ runs }) => runs.some(holds)).length;

function inShort({ nights }: PackFacts): string {
  const missing = nights.filter(({ runs }) => runs.length === 0).map(({ businessDate }) => businessDate);
  const open = nightsWhere(nights, ({ outcome }) => outcome === 'not-over');
  return list([
    `${nights.length} dates. NHS numbers were sent on ${nightsWhere(nights, ({ outcome }) => outcome === 'sent')} of them.`,
    `A run ended with nothing sent on ${nightsWhere(nights, ({ outcome }) => outcome === 'nothing-sent')}.`,
    missing.length === 0
      ? 'No date is without a run.'
      : `No run on ${missing.length}: ${missing.join(', ')}.`,
    ...(open === 0 ? [] : [`${open} not over when this pack was made.`]),
    '“Hidden” is a count under ten, or one by which such a count could be worked out.',
  ]);
}

function funnel({ nights }: PackFacts): string {
  const run = nights.flatMap(({ runs }) => runs).findLast(({ people }) => people !== null);
  const people = run?.people ?? null;
  if (run === undefined || people === null) return '<p>On no night of the period was anything sent.</p>';
  const rows: readonly (readonly [string, Shown, string])[] = [
    ['Released: the number was sent', people.released, ' sent'],
    ['Held back by this service, before the national check', people.heldBack, ''],
    ...heldBackReasons
      .filter((reason) => people.reasons[reason] !== 0)
      .map((reason) => [`of these: ${reasonWords(reason)}`, people.reasons[reason], ''] as const),
    [`After the gate: ${askedWords['objected-late']}`, people.late, ''],
  ];
  const most = Math.max(1, ...rows.map(([, count]) => count ?? 0));
  const none = heldBackReasons.filter((reason) => people.reasons[reason] === 0);
  const cells = rows.map(([words, count, kind]) => [
    escaped(words),
    countWords(count),
    count === null
      ? ''
      : `<span class="bar${kind}" style="width:${((100 * count) / most).toFixed(1)}%"></span>`,
  ]);
  const columns = [
    { title: 'People' },
    { title: 'Count', kind: 'number' as const },
    { title: 'Beside each other' },
  ];
  const nobody =
    none.length === 0 ? '' : `<p class="soft">Nobody: ${escaped(none.map(reasonWords).join('; '))}.</p>`;
  return `${table('funnel-table', `Run ${run.run}: people of this provider on its lists`, columns, cells)}${nobody}`;
}

const trend = (facts: PackFacts): string => `<figure>
${trendChart(facts)}
<ul class="key" aria-hidden="true"><li><span class="released"></span>released</li><li><span class="hidden"></span>sent, number hidden</li><li><span class="nothing"></span>nothing sent</li><li><span class="missing"></span>no run</li></ul>
<figcaption>People released on each night. ${escaped(trendText(facts.nights))} The table below has every number.</figcaption>
</figure>`;

const outcomeWords: Readonly<Record<ShownRun['outcome'], string>> = {
  sent: 'Sent',
  'nothing-sent': 'Ended with nothing sent',
  'not-over': 'Not over yet',
  'not-attested': 'Over, but without an entry that a pack may show',
};

function nightsTable({ nights }: PackFacts): string {
  const rows = nights.flatMap(({ businessDate, runs }) =>
    runs.length === 0
      ? [[businessDate, '<span class="missing-night">No run</span>', '', '', '', '']]
      : runs.map((run) => nightRow(businessDate, run)),
  );
  const columns = [
    { title: 'Date' },
    { title: 'What happened' },
    { title: 'Released', kind: 'number' },
    { title: 'Held back', kind: 'number' },
    { title: 'After the gate', kind: 'number' },
    { title: 'Entry in the log' },
  ] as const;
  const caption = 'People of this provider. Held back by reason is in nights.csv, a column a reason.';
  return table('nights-table', caption, columns, rows);
}

function nightRow(businessDate: string, run: ShownRun): string[] {
  const { people, outcome, entry, at, proved } = run;
  const counts =
    people === null ? ['', '', ''] : [people.released, people.heldBack, people.late].map(countWords);
  const lost = outcome === 'sent' && people === null ? '; its lists were lost' : '';
  const proofs = proved.length === 0 ? '' : `; totals proved: ${proved.join(', ')}`;
  return [
    `${businessDate} <span class="soft">${escaped(run.run.slice(businessDate.length + 1))}</span>`,
    escaped(`${outcomeWords[outcome]}${lost}`),
    ...counts,
    entry === null ? '' : escaped(`${entry}, ${at ?? ''}${proofs}`),
  ];
}

/** Each set of terms once, with the nights it held for. */
function termsTable({ nights }: PackFacts): string {
  const held = new Map<string, { readonly cells: readonly string[]; readonly runs: string[] }>();
  for (const run of nights.flatMap(({ runs }) => runs).filter(({ entry }) => entry !== null)) {
    const terms = [run.rules, run.configuration, run.purpose, run.legalBasis, run.recipientAgreement];
    const cells = terms.map((term) => term ?? '');
    const known = held.get(JSON.stringify(cells));
    if (known === undefined) held.set(JSON.stringify(cells), { cells, runs: [run.run] });
    else known.runs.push(run.run);
  }
  const rows = [...held.values()].map(({ cells, runs }) => [
    escaped(
      runs.length === 1 ? (runs[0] ?? '') : `${runs[0] ?? ''} to ${runs.at(-1) ?? ''} (${runs.length} runs)`,
    ),
    ...cells.map((cell) => (cell === '' ? '<span class="soft">not set</span>' : foreign(cell))),
  ]);
  const columns = [
    { title: 'Runs' },
    { title: 'Rules' },
    { title: 'Configuration (SHA-256)', kind: 'code' },
    { title: 'Purpose' },
    { title: 'Legal basis' },
    { title: 'Recipient’s agreement' },
  ] as const;
  return table('terms-table', 'As the entries of the runs say', columns, rows);
}

const withScript = `<pre>node verify-pack.mjs . '&lt;verifier key&gt;'</pre>
<p>The script is one file of plain Node and imports nothing of ours; take it from somewhere else if you doubt this copy. With the program itself:</p>
`;

const howToCheck = (
  hasScript: boolean,
): string => `<p>Take the log’s verifier keys, every one it has had, from where the supplier has published them, not from this folder. Then, on a machine without a network:</p>
${hasScript ? withScript : ''}<pre>export-gate audit check-pack . --verifier-key '&lt;verifier key&gt;'</pre>
<p>This checks the signature over <code>manifest.json</code>, the digest of every file, every entry and total against the checkpoint, and that each earlier checkpoint of the period is the beginning of this log.</p>
<p>By hand: <code>sha256sum index.html</code> against <code>manifest.json</code>. The proofs are in the formats of C2SP (signed-note, tlog-checkpoint, tlog-proof) and RFC 6962, which other tools read too. Compare <code>log/checkpoint</code> with the checkpoint that an anchor or a witness holds, or an earlier pack: a log that was rewritten cannot agree with both.</p>`;

const requirementsTable = (): string =>
  table(
    'requirements-table',
    'Where the evidence lies',
    [{ title: 'Requirement' }, { title: 'What it asks' }, { title: 'Where in this pack' }],
    evidenced.map(({ requirement, asks, where }) => [requirement, asks, where].map(escaped)),
  );
