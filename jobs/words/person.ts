import { csvRow } from '../../src/domain/csv-cell.ts';
import type { HeldBackReason } from '../../src/domain/eligibility.ts';
import type { HeldBackNight, PersonAnswer, SentNight } from '../../src/pipeline/person-lookup.ts';

/** Why this service held somebody back, said to the person (R38). The table is total: a new reason without words does not compile. */
export const heldBackWords: Readonly<Record<HeldBackReason, string>> = {
  'opted-out-in-service': 'an opt-out had been made in the service',
  restricted: 'the use of your data was restricted',
  'value-unknown':
    'something on the care record about you could not be understood, which counts as an objection',
  'number-shared': 'the care record gave the same NHS number to two people',
  'number-conflict': 'the care record gave you two different NHS numbers',
  'provider-not-participating': 'the care provider did not take part',
  'agreement-expired': 'the agreement with the care provider had expired',
  'id-missing': 'the care record gave no id for you',
  'not-a-service-user': 'the record was of a member of staff',
  'not-resident': 'you were not resident on that day',
  'location-invalid': 'the care record named no valid location',
  'number-missing': 'the care record held no NHS number',
  'number-invalid': 'the NHS number on the care record was not valid',
  'number-out-of-range': 'the NHS number was outside the ranges that may be sent',
  'not-informed': 'it was not shown that you had been informed before that day',
  'objection-elsewhere': 'another record of yours spoke against it',
  'objected-late': 'you had objected, or left, by the time of sending',
  'objected-before': 'you had objected at some moment since that date’s list was first prepared',
  'provider-stopped': 'the sending of the care provider’s list had been stopped',
};

export const recipient = 'NHS England, for the VIVALDI Social Care project';

/** The one sentence about every other night; it is the same for everybody. */
export const otherNights =
  'On every other night: not sent, or not on that night’s roster. Nothing more is kept about those nights.';

const months = 'January February March April May June July August September October November December'.split(
  ' ',
);

/** `22 November 2026`. */
function plainDate(date: string): string {
  const [year, month, dayOfMonth] = date.split('-').map(Number);
  return `${dayOfMonth ?? ''} ${months[(month ?? 1) - 1] ?? ''} ${year ?? ''}`;
}

const or = (text: string, otherwise: string): string => (text === '' ? otherwise : text);

const erasedWords = (year: string): string =>
  `The evidence of ${year} has been erased: nothing can be said about that year.`;

function sentLines(night: SentNight): string[] {
  return [
    `  ${plainDate(night.businessDate)} (run ${night.run}): sent to ${recipient}, on ${night.sentAt}`,
    `      agreement ${or(night.recipientAgreement, 'not named')}, legal basis ${or(night.legalBasis, 'not named')}, purpose ${or(night.purpose, 'not named')}`,
    `      from the care record kept by ${night.providers.join(' and ')}; manifest of the drop ${night.manifest}`,
  ];
}

const heldBackLine = ({ businessDate, run, provider, reason }: HeldBackNight): string =>
  `  ${plainDate(businessDate)} (run ${run}): held back by this service because ${heldBackWords[reason]} (${provider})`;

const heading = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [title, ...lines, ''];

/** What the answer stands for, and where to turn with it (R37, R49). */
const notes = [
  'What is sent is the NHS number and nothing else. It comes from the care record that the care provider keeps.',
  'What is kept here is that a number was sent, or held back by this service and why, under names that only this',
  'service can make out, until the evidence of the year is erased. No decision about anybody’s care is made from it.',
  'You may ask the care provider to correct the care record, to restrict or stop this use of it (an opt-out, in any',
  'form, at any time), or to erase what is kept; a national data opt-out is made with the NHS and not here.',
  '',
  'If you are not content with this answer, turn first to the data protection lead of your care provider. You may',
  'complain at any time to the Information Commissioner’s Office: www.ico.org.uk/make-a-complaint, 0303 123 1113,',
  'Wycliffe House, Water Lane, Wilmslow, Cheshire SK9 5AF.',
];

/** The answer in plain English, newest night first. */
export function answerText({ sent, heldBack, erasedYears, entry }: PersonAnswer): string {
  const lines = [
    ...heading('Sent:', sent.flatMap(sentLines)),
    ...heading('Held back by this service:', heldBack.map(heldBackLine)),
    ...heading(
      'Erased:',
      erasedYears.map((year) => `  ${erasedWords(year)}`),
    ),
    otherNights,
    '',
    ...notes,
    '',
    `This look-up is entry ${entry.position} of the audit log. Keep this with your papers, it is kept nowhere else: ${entry.blinding}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** The answer for machines: codes beside words. */
export const answerJson = (answer: PersonAnswer): string =>
  `${JSON.stringify(
    {
      recipient,
      sent: answer.sent,
      heldBack: answer.heldBack.map((night) => ({ ...night, because: heldBackWords[night.reason] })),
      erasedYears: answer.erasedYears,
      otherNights,
      entry: answer.entry,
    },
    null,
    2,
  )}\n`;

const columns =
  'what date run provider recipient agreement legal_basis purpose manifest reason because'.split(' ');

/** The answer for a spreadsheet; no cell of it is a formula. */
export function answerCsv({ sent, heldBack, erasedYears }: PersonAnswer): string {
  const rows = [
    ...sent.flatMap((night) =>
      night.providers.map((provider) =>
        ['sent', night.businessDate, night.run, provider, recipient, night.recipientAgreement].concat([
          ...[night.legalBasis, night.purpose, night.manifest, '', ''],
        ]),
      ),
    ),
    ...heldBack.map(({ businessDate, run, provider, reason }) => [
      'held back',
      businessDate,
      run,
      provider,
      '',
      '',
      '',
      '',
      '',
      reason,
      heldBackWords[reason],
    ]),
    ...erasedYears.map((year) => ['erased', year, ...Array<string>(8).fill(''), erasedWords(year)]),
    ['other nights', ...Array<string>(9).fill(''), otherNights],
  ];
  return [columns, ...rows].map(csvRow).join('');
}
