import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import {
  bandOf,
  contradictions,
  isAnchorUrl,
  isDatabaseUrl,
  isMeshUrl,
  livePollSeconds,
  missingToRun,
  rangesOf,
} from './config-faults.ts';
import type { Fault, Finding } from './config-faults.ts';
import { digestOfGuarded, digestOfSettings, headerIn, openSettings, textOf } from './config-settings.ts';
import type { Settings as OpenSettings, settingRoles } from './domain/configuration.ts';
import { Failure } from './domain/failure.ts';
import type { RemovalBand } from './domain/hold.ts';
import type { LocalDate } from './domain/calendar.ts';
import type { NumberPolicy } from './domain/nhs-number.ts';

/** Everything the program is told from outside, checked. This file alone reads the environment. */
export interface Config {
  readonly dataDir: string;
  readonly intakeDir: string;
  readonly outboundDir: string;
  readonly masterKey: string | null;
  readonly databaseUrl: string | null;
  /** Of the role that owns the tables; used to prepare them and for nothing else. */
  readonly databaseOwnerUrl: string | null;
  readonly redisUrl: string | null;
  readonly mesh: MeshConfig | null;
  readonly check: CheckConfig;
  readonly keep: { readonly papersDays: number; readonly intakeDays: number; readonly dropDays: number };
  readonly legal: LegalConfig;
  readonly approversFile: string | null;
  /** What stands in it; null without a file, or where it cannot be read. Public keys, no secrets. */
  readonly approversText: string | null;
  readonly numbers: NumberPolicy;
  readonly drop: { readonly layout: 'single' | 'per-location'; readonly header: string | null };
  readonly nightlyAt: string;
  /** Until when, London time, an absent or refused intake of the day is tried again. */
  readonly intakeTriedUntil: string;
  /** How long a recipient may take to collect a drop before somebody is told; null where nobody watches. */
  readonly collectedWithinHours: number | null;
  readonly auditOrigin: string;
  readonly anchors: AnchorsConfig;
  /** Everything above that is not a secret, and the digests of the files that decide whom we trust. */
  readonly settings: OpenSettings;
  /** SHA-256 over `settings`. */
  readonly digest: string;
  /** SHA-256 over those whose change needs two people. */
  readonly guarded: string;
}

export interface MeshConfig {
  readonly url: string;
  readonly mailboxId: string;
  readonly password: string;
  readonly sharedKey: string;
  readonly tls: { readonly certFile: string; readonly keyFile: string; readonly caFile: string } | null;
  readonly pollSeconds: number;
}

/** Who is to remember how far the log had come; null: not configured. */
export interface AnchorsConfig {
  readonly folder: string | null;
  readonly timestamp: {
    readonly url: string;
    readonly caFile: string;
    readonly policy: string | null;
  } | null;
  readonly witness: { readonly url: string; readonly verifierKey: string } | null;
  /** For how many days the export goes on while an anchor takes nothing. */
  readonly graceDays: number;
}

export interface CheckConfig {
  readonly mailboxId: string;
  readonly workflowId: string;
  readonly maxNumbers: number;
  readonly deadlineHours: number;
  readonly maxAgeHours: number;
  readonly partition: 'none' | 'provider';
  readonly removalBand: RemovalBand;
  /** Share of people that the national check usually removes. */
  readonly baseRate: number;
}

export interface LegalConfig {
  readonly basisRef: string | null;
  readonly basisExpiresOn: LocalDate | null;
  readonly recipientRef: string | null;
  readonly recipientExpiresOn: LocalDate | null;
  readonly purpose: string | null;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const secrets = [
  'EXPORT_GATE_MASTER_KEY',
  'DATABASE_URL',
  'DATABASE_OWNER_URL',
  'REDIS_URL',
  'MESH_MAILBOX_PASSWORD',
  'MESH_SHARED_KEY',
] as const;

const token = z.string().regex(/^[A-Za-z0-9_-]+$/, 'letters, digits, hyphen, underscore');
const number = (least: number, most: number): z.ZodType<number> => z.coerce.number().min(least).max(most);
const whole = (least: number, most: number): z.ZodType<number> =>
  z.coerce.number().int().min(least).max(most);
const optional = z.string().nullable().default(null);
const optionalUrl = z
  .string()
  .refine(isAnchorUrl, 'http(s) URL without name and password')
  .nullable()
  .default(null);
const databaseAddress = z
  .string()
  .refine(isDatabaseUrl, 'postgres://role:password@host/database')
  .nullable()
  .default(null);
const optionalDate = z.iso.date().nullable().default(null);

const schema = z.object({
  EXPORT_GATE_DATA_DIR: z.string().default('var'),
  EXPORT_GATE_INTAKE_DIR: z.string().default('intake'),
  EXPORT_GATE_OUTBOUND_DIR: z.string().default('outbound'),
  EXPORT_GATE_MASTER_KEY: optional,
  DATABASE_URL: databaseAddress,
  DATABASE_OWNER_URL: databaseAddress,
  REDIS_URL: z
    .string()
    .refine(
      (url) => /^rediss?:\/\/[^\s]+$/.test(url) && URL.canParse(url),
      'redis://host:port or rediss://host:port',
    )
    .nullable()
    .default(null),
  MESH_URL: z.string().refine(isMeshUrl, 'https://host[:port] and nothing else').nullable().default(null),
  MESH_MAILBOX_ID: z
    .string()
    .regex(/^[A-Z0-9]{3,20}$/, 'upper-case letters and digits')
    .nullable()
    .default(null),
  MESH_MAILBOX_PASSWORD: optional,
  MESH_SHARED_KEY: optional,
  MESH_CLIENT_CERT_FILE: optional,
  MESH_CLIENT_KEY_FILE: optional,
  MESH_CA_FILE: optional,
  MESH_CHECK_MAILBOX_ID: token.default('X26HC065'),
  MESH_CHECK_WORKFLOW_ID: token.default('SPINE_NTT_UPHOLDING'),
  MESH_POLL_SECONDS: number(0.05, 86_400).default(livePollSeconds),
  CHECK_MAX_NUMBERS: whole(1, 5_000_000).default(100_000),
  CHECK_DEADLINE_HOURS: number(0.0001, 168).default(20),
  CHECK_MAX_AGE_HOURS: number(0.0001, 168).default(24),
  CHECK_PARTITION: z.enum(['none', 'provider']).default('none'),
  CHECK_REMOVAL_BAND: z
    .string()
    .regex(/^0?\.\d+-0?\.\d+$/, 'two shares such as 0.01-0.15')
    .default('0.01-0.15'),
  CHECK_BASE_RATE: number(0.0001, 0.5).default(0.045),
  PAPERS_KEEP_DAYS: whole(1, 7).default(2),
  INTAKE_KEEP_DAYS: whole(1, 365).default(7),
  DROP_KEEP_DAYS: whole(1, 365).default(7),
  LEGAL_BASIS_REF: optional,
  LEGAL_BASIS_EXPIRES_ON: optionalDate,
  RECIPIENT_AGREEMENT_REF: optional,
  RECIPIENT_AGREEMENT_EXPIRES_ON: optionalDate,
  PURPOSE: optional,
  APPROVERS_FILE: optional,
  NHS_NUMBER_POLICY: z.enum(['live', 'test']).default('live'),
  NHS_NUMBER_EXTRA_RANGES: z
    .string()
    .regex(/^\d{3}-\d{3}(,\d{3}-\d{3})*$/, 'ranges of three digits such as 320-399,800-859')
    .nullable()
    .default(null),
  DROP_LAYOUT: z.enum(['single', 'per-location']).default('single'),
  DROP_HEADER: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_ ]*$/, 'a column name, or none')
    .default('nhs_number'),
  NIGHTLY_AT: z
    .string()
    .regex(
      /^(?!01:)([01]\d|2[0-3]):[0-5]\d$/,
      'HH:MM London time, not between 01:00 and 01:59 (clock changes)',
    )
    .default('02:30'),
  INTAKE_TRIED_UNTIL: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM London time')
    .default('18:00'),
  DROP_COLLECTED_WITHIN_HOURS: z
    .string()
    .regex(/^([1-9]\d{0,3})?$/, 'whole hours from 1, or nothing')
    .default(''),
  AUDIT_ORIGIN: z
    .string()
    .regex(/^[^\s+]+$/, 'a name without spaces and plus signs')
    .default('export-gate/audit'),
  ANCHOR_FOLDER: optional,
  ANCHOR_TSA_URL: optionalUrl,
  ANCHOR_TSA_CA_FILE: optional,
  ANCHOR_TSA_POLICY: z
    .string()
    .regex(/^[0-2](\.(0|[1-9]\d*))+$/, 'an object identifier such as 1.3.6.1.4.1.4146.2.3')
    .nullable()
    .default(null),
  ANCHOR_WITNESS_URL: optionalUrl,
  ANCHOR_WITNESS_KEY: z
    .string()
    .regex(/^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/, 'a verifier key such as name+1234abcd+base64')
    .nullable()
    .default(null),
  ANCHOR_GRACE_DAYS: whole(0, 90).default(3),
});
type Settings = z.infer<typeof schema>;

/** Does not compile while a setting has no role: somebody must say whether one person alone may change it. */
export type RolesOfSettings = Pick<typeof settingRoles, Exclude<keyof Settings, (typeof secrets)[number]>>;

/** The names this program knows, in the order of the README's table. */
export const settingNames = Object.keys(schema.shape);

/** Reads and checks the whole configuration; throws one `configuration-invalid` that names every fault, and no value of a secret. */
export function readConfig(environment: Environment = process.env): Config {
  const { settings, faults } = understand(environment, contradictions);
  if (faults.length > 0) throw invalid(faults);
  return assemble(settings);
}

/** A configuration that is complete enough to send: MESH is named, and under `live` the legal basis and the recipient's agreement are. */
export type SendingConfig = Config & { readonly mesh: MeshConfig };

/** The same for a run; what it needs and only it needs is among the faults. */
export function readSendingConfig(environment: Environment = process.env): SendingConfig {
  const judge = (settings: Settings): readonly Finding[] => [
    ...contradictions(settings),
    ...missingToRun(settings),
  ];
  const { settings, faults } = understand(environment, judge);
  const { mesh, ...config } = assemble(settings);
  if (mesh === null || faults.length > 0) throw invalid(faults);
  return { ...config, mesh };
}

/** Every setting by itself, then all of them together; one that is wrong by itself is not held against another. */
function understand(
  environment: Environment,
  judge: (settings: Settings) => readonly Finding[],
): { readonly settings: Settings; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const given = Object.fromEntries(settingNames.flatMap((name) => setting(environment, name, faults)));
  const wrong = new Set(faults.map(({ name }) => name.replace(/_FILE$/, '')));
  for (const {
    path: [name],
    message,
  } of schema.safeParse(given).error?.issues ?? []) {
    faults.push({ name: String(name), allowed: message });
    wrong.add(String(name));
  }
  const settings = schema.parse(
    Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.has(name))),
  );
  const together = judge(settings).filter(
    ({ name, besides }) => ![name, ...besides].some((each) => wrong.has(each)),
  );
  return { settings, faults: [...faults, ...together] };
}

/** A setting of the environment, or the content of the file that `NAME_FILE` names where the setting is a secret; empty is unset. */
function setting(environment: Environment, name: string, faults: Fault[]): [string, string][] {
  const value = environment[name];
  if (value !== undefined && value !== '') return [[name, value]];
  const file = environment[`${name}_FILE`];
  if (file === undefined || file === '' || !(secrets as readonly string[]).includes(name)) return [];
  try {
    return [[name, readFileSync(file, 'utf8').trim()]];
  } catch {
    faults.push({ name: `${name}_FILE`, allowed: 'a file that can be read' });
    return [];
  }
}

function assemble(s: Settings): Config {
  const [least, most] = bandOf(s.CHECK_REMOVAL_BAND);
  const approversText = textOf(s.APPROVERS_FILE);
  // Where a folder lies must not hang on where a command is given.
  const folders = {
    EXPORT_GATE_DATA_DIR: path.resolve(s.EXPORT_GATE_DATA_DIR),
    EXPORT_GATE_INTAKE_DIR: path.resolve(s.EXPORT_GATE_INTAKE_DIR),
    EXPORT_GATE_OUTBOUND_DIR: path.resolve(s.EXPORT_GATE_OUTBOUND_DIR),
  };
  const settings = openSettings({ ...s, ...folders }, secrets);
  return {
    dataDir: folders.EXPORT_GATE_DATA_DIR,
    intakeDir: folders.EXPORT_GATE_INTAKE_DIR,
    outboundDir: folders.EXPORT_GATE_OUTBOUND_DIR,
    masterKey: s.EXPORT_GATE_MASTER_KEY,
    databaseUrl: s.DATABASE_URL,
    databaseOwnerUrl: s.DATABASE_OWNER_URL,
    redisUrl: s.REDIS_URL,
    mesh: meshOf(s),
    check: {
      mailboxId: s.MESH_CHECK_MAILBOX_ID,
      workflowId: s.MESH_CHECK_WORKFLOW_ID,
      maxNumbers: s.CHECK_MAX_NUMBERS,
      deadlineHours: s.CHECK_DEADLINE_HOURS,
      maxAgeHours: s.CHECK_MAX_AGE_HOURS,
      partition: s.CHECK_PARTITION,
      removalBand: { least, most },
      baseRate: s.CHECK_BASE_RATE,
    },
    keep: { papersDays: s.PAPERS_KEEP_DAYS, intakeDays: s.INTAKE_KEEP_DAYS, dropDays: s.DROP_KEEP_DAYS },
    legal: {
      basisRef: s.LEGAL_BASIS_REF,
      basisExpiresOn: s.LEGAL_BASIS_EXPIRES_ON,
      recipientRef: s.RECIPIENT_AGREEMENT_REF,
      recipientExpiresOn: s.RECIPIENT_AGREEMENT_EXPIRES_ON,
      purpose: s.PURPOSE,
    },
    approversFile: s.APPROVERS_FILE,
    approversText,
    numbers: { name: s.NHS_NUMBER_POLICY, extraRanges: rangesOf(s.NHS_NUMBER_EXTRA_RANGES) },
    drop: { layout: s.DROP_LAYOUT, header: headerIn(settings) },
    nightlyAt: s.NIGHTLY_AT,
    intakeTriedUntil: s.INTAKE_TRIED_UNTIL,
    collectedWithinHours: s.DROP_COLLECTED_WITHIN_HOURS === '' ? null : Number(s.DROP_COLLECTED_WITHIN_HOURS),
    auditOrigin: s.AUDIT_ORIGIN,
    anchors: anchorsOf(s),
    settings,
    digest: digestOfSettings(settings),
    guarded: digestOfGuarded(settings),
  };
}

function anchorsOf(s: Settings): AnchorsConfig {
  const { ANCHOR_TSA_URL: url, ANCHOR_TSA_CA_FILE: caFile, ANCHOR_WITNESS_KEY: verifierKey } = s;
  const witness = s.ANCHOR_WITNESS_URL;
  return {
    folder: s.ANCHOR_FOLDER === null ? null : path.resolve(s.ANCHOR_FOLDER),
    timestamp: url === null || caFile === null ? null : { url, caFile, policy: s.ANCHOR_TSA_POLICY },
    witness: witness === null || verifierKey === null ? null : { url: witness, verifierKey },
    graceDays: s.ANCHOR_GRACE_DAYS,
  };
}

function meshOf(s: Settings): MeshConfig | null {
  const {
    MESH_URL: url,
    MESH_MAILBOX_ID: mailboxId,
    MESH_MAILBOX_PASSWORD: password,
    MESH_SHARED_KEY: sharedKey,
  } = s;
  if (url === null || mailboxId === null || password === null || sharedKey === null) return null;
  const { MESH_CLIENT_CERT_FILE: certFile, MESH_CLIENT_KEY_FILE: keyFile, MESH_CA_FILE: caFile } = s;
  const tls = certFile === null || keyFile === null || caFile === null ? null : { certFile, keyFile, caFile };
  return { url, mailboxId, password, sharedKey, tls, pollSeconds: s.MESH_POLL_SECONDS };
}

function invalid(faults: readonly Fault[]): Failure {
  const lines = faults.map(({ name, allowed }) => `${name}: ${allowed}`);
  return new Failure('configuration-invalid', {
    message: `The configuration has ${faults.length === 1 ? 'one fault' : `${faults.length} faults`}:\n  ${lines.join('\n  ')}`,
    place: faults.map(({ name }) => name).join(', '),
    hint: 'Nothing was read or sent. Correct the environment; .env.example names every setting.',
  });
}
