/** The settings by what hangs on them: which need two people to change (R53), and which a run must end under as it began. */

/** Every setting that is no secret, by name, as text; an unset one is empty. */
export type Settings = Readonly<Record<string, string>>;

interface SettingRole {
  /** A threshold, a destination, a ground, or where the deny list comes from: one person alone does not change it. */
  readonly guarded: boolean;
  /** Changes who is asked about, who leaves, where to or in what form: a run ends under the value it began with. */
  readonly bearsOnRun: boolean;
}

const free: SettingRole = { guarded: false, bearsOnRun: false };
/** Guarded, and free to change between the steps of a run. */
const guarded: SettingRole = { guarded: true, bearsOnRun: false };
const guardedAndBearing: SettingRole = { guarded: true, bearsOnRun: true };

/** The content of a file that a guarded setting names, as the digest of its bytes: whoever may write the file changes nothing alone. */
export const contentOf = (name: string): string => `${name} (content)`;

export const settingRoles = {
  EXPORT_GATE_DATA_DIR: free,
  EXPORT_GATE_INTAKE_DIR: guardedAndBearing,
  EXPORT_GATE_OUTBOUND_DIR: guardedAndBearing,
  MESH_URL: guardedAndBearing,
  MESH_MAILBOX_ID: guardedAndBearing,
  // Our own certificate is renewed in its time; whom we believe to be MESH is the destination.
  MESH_CLIENT_CERT_FILE: free,
  MESH_CLIENT_KEY_FILE: free,
  MESH_CA_FILE: guarded,
  'MESH_CA_FILE (content)': guarded,
  MESH_CHECK_MAILBOX_ID: guardedAndBearing,
  MESH_CHECK_WORKFLOW_ID: guardedAndBearing,
  MESH_POLL_SECONDS: free,
  // Answers are judged one by one from 150 numbers on: short lists are not judged.
  CHECK_MAX_NUMBERS: guardedAndBearing,
  CHECK_DEADLINE_HOURS: guardedAndBearing,
  CHECK_MAX_AGE_HOURS: guardedAndBearing,
  CHECK_PARTITION: guardedAndBearing,
  CHECK_REMOVAL_BAND: guardedAndBearing,
  CHECK_BASE_RATE: guardedAndBearing,
  PAPERS_KEEP_DAYS: guarded,
  INTAKE_KEEP_DAYS: guarded,
  DROP_KEEP_DAYS: guarded,
  LEGAL_BASIS_REF: guardedAndBearing,
  LEGAL_BASIS_EXPIRES_ON: guardedAndBearing,
  RECIPIENT_AGREEMENT_REF: guardedAndBearing,
  RECIPIENT_AGREEMENT_EXPIRES_ON: guardedAndBearing,
  PURPOSE: guardedAndBearing,
  // An approver may fall ill while a run is held: the list changes between two people, and the run goes on.
  APPROVERS_FILE: guarded,
  'APPROVERS_FILE (content)': guarded,
  NHS_NUMBER_POLICY: guardedAndBearing,
  NHS_NUMBER_EXTRA_RANGES: guardedAndBearing,
  DROP_LAYOUT: guardedAndBearing,
  DROP_HEADER: guardedAndBearing,
  NIGHTLY_AT: free,
  INTAKE_TRIED_UNTIL: free,
  DROP_COLLECTED_WITHIN_HOURS: free,
  AUDIT_ORIGIN: free,
  // Who remembers the log, and how long the export goes on without them: taking one away would end its objection.
  ANCHOR_FOLDER: guarded,
  ANCHOR_TSA_URL: guarded,
  ANCHOR_TSA_CA_FILE: guarded,
  'ANCHOR_TSA_CA_FILE (content)': guarded,
  ANCHOR_TSA_POLICY: guarded,
  ANCHOR_WITNESS_URL: guarded,
  ANCHOR_WITNESS_KEY: guarded,
  ANCHOR_GRACE_DAYS: guarded,
} as const satisfies Readonly<Record<string, SettingRole>>;

/** A name that this version does not know was a setting of another one: nobody can say that it is free. */
const roleOf = (name: string): SettingRole =>
  (settingRoles as Readonly<Record<string, SettingRole>>)[name] ?? guardedAndBearing;

export const isGuarded = (name: string): boolean => roleOf(name).guarded;
export const bearsOnRun = (name: string): boolean => roleOf(name).bearsOnRun;

/** Where a drop stands and what its bytes are: under others nobody can say whether it stands. */
export const placesTheDrop = (name: string): boolean =>
  name === 'EXPORT_GATE_OUTBOUND_DIR' || name === 'DROP_HEADER';

export interface SettingChange {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** The settings of a kind that differ, by name; one that is missing on a side counts as unset there. */
export function changesBetween(
  from: Settings,
  to: Settings,
  counts: (name: string) => boolean,
): readonly SettingChange[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter(counts).sort();
  return names
    .map((name) => ({ name, from: from[name] ?? '', to: to[name] ?? '' }))
    .filter((change) => change.from !== change.to);
}

/** One change as text, in quotes, so that no value can be taken for another line. */
export const formatChange = ({ name, from, to }: SettingChange): string =>
  `${name}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`;
