/** What is wrong with settings that are right one by one: they contradict each other, or something that a run needs is missing. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** A setting and what may stand there; never what stood there, for it may be a secret. */
export interface Fault {
  readonly name: string;
  readonly allowed: string;
}

/** A fault of a setting that was judged by others: if one of them is wrong by itself, nobody can say that this one is. */
export interface Finding extends Fault {
  readonly besides: readonly string[];
}

/** The settings that are held against each other, as the environment names them. */
export interface ComparedSettings {
  readonly EXPORT_GATE_DATA_DIR: string;
  readonly EXPORT_GATE_INTAKE_DIR: string;
  readonly EXPORT_GATE_OUTBOUND_DIR: string;
  readonly DATABASE_URL: string | null;
  readonly DATABASE_OWNER_URL: string | null;
  readonly REDIS_URL: string | null;
  readonly MESH_URL: string | null;
  readonly MESH_MAILBOX_ID: string | null;
  readonly MESH_MAILBOX_PASSWORD: string | null;
  readonly MESH_SHARED_KEY: string | null;
  readonly MESH_CLIENT_CERT_FILE: string | null;
  readonly MESH_CLIENT_KEY_FILE: string | null;
  readonly MESH_CA_FILE: string | null;
  readonly MESH_CHECK_MAILBOX_ID: string;
  readonly MESH_POLL_SECONDS: number;
  readonly CHECK_DEADLINE_HOURS: number;
  readonly CHECK_MAX_AGE_HOURS: number;
  readonly CHECK_REMOVAL_BAND: string;
  readonly LEGAL_BASIS_REF: string | null;
  readonly LEGAL_BASIS_EXPIRES_ON: string | null;
  readonly RECIPIENT_AGREEMENT_REF: string | null;
  readonly RECIPIENT_AGREEMENT_EXPIRES_ON: string | null;
  readonly PURPOSE: string | null;
  readonly NHS_NUMBER_POLICY: 'live' | 'test';
  readonly NHS_NUMBER_EXTRA_RANGES: string | null;
  readonly ANCHOR_FOLDER: string | null;
  readonly ANCHOR_TSA_URL: string | null;
  readonly ANCHOR_TSA_CA_FILE: string | null;
  readonly ANCHOR_TSA_POLICY: string | null;
  readonly ANCHOR_WITNESS_URL: string | null;
  readonly ANCHOR_WITNESS_KEY: string | null;
}

type Say = (name: string, allowed: string, ...besides: readonly string[]) => void;
type Judge = (settings: ComparedSettings, say: Say) => void;

const findingsOf = (settings: ComparedSettings, judges: readonly Judge[]): Finding[] => {
  const found: Finding[] = [];
  for (const judge of judges)
    judge(settings, (name, allowed, ...besides) => void found.push({ name, allowed, besides }));
  return found;
};

/** What is right setting by setting and wrong together. */
export const contradictions = (settings: ComparedSettings): readonly Finding[] =>
  findingsOf(settings, [database, meshAddress, meshMaterial, meshAndPolicy, folders, theCheck, anchors]);

/** What a run needs and only a run needs: MESH, files of its TLS material that can be read, and under `live` the ground to send on. */
export const missingToRun = (settings: ComparedSettings): readonly Finding[] =>
  findingsOf(settings, [needsMesh, needsGround]);

const productionHosts = ['mesh-sync.spineservices.nhs.uk', 'mesh-sync.national.ncrs.nhs.uk'];
/** The live MESH wants to be asked no more often. */
export const livePollSeconds = 300;
const tlsFiles = ['MESH_CLIENT_CERT_FILE', 'MESH_CLIENT_KEY_FILE', 'MESH_CA_FILE'] as const;

/** Whether the text is scheme, host and port and nothing else. */
export function isMeshUrl(text: string): boolean {
  if (!/^https?:\/\/[^/?#@\s]+$/.test(text) || !URL.canParse(text)) return false;
  return new URL(text).hostname !== '';
}

/** Whether the text is an http(s) URL that holds no secret we know of. */
export function isAnchorUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '' && hash === '';
}

/** Whether the text names a PostgreSQL server, a role and a database. */
export function isDatabaseUrl(text: string): boolean {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { hostname, username, pathname } = new URL(text);
  return hostname !== '' && username !== '' && pathname.length > 1;
}

/** The ledger holds sealed papers and the way to everybody's objections: what carries it is chosen, never left to a default. */
function database(s: ComparedSettings, say: Say): void {
  for (const name of ['DATABASE_URL', 'DATABASE_OWNER_URL'] as const) {
    const url = s[name];
    if (url === null || isLoopback(url)) continue;
    const mode = new URL(url).searchParams.get('sslmode');
    if (mode !== 'verify-full' && mode !== 'disable')
      say(name, 'with ?sslmode=verify-full, or sslmode=disable where the network is yours alone');
  }
  if (s.REDIS_URL !== null && s.DATABASE_URL === null)
    say('DATABASE_URL', 'required with REDIS_URL: several workers share a ledger in PostgreSQL', 'REDIS_URL');
  if (s.DATABASE_OWNER_URL === null) return;
  if (s.DATABASE_URL === null) say('DATABASE_URL', 'required with DATABASE_OWNER_URL', 'DATABASE_OWNER_URL');
  else if (new URL(s.DATABASE_URL).username === new URL(s.DATABASE_OWNER_URL).username)
    say('DATABASE_OWNER_URL', 'another role than that of DATABASE_URL', 'DATABASE_URL');
}

/** Whether a URL names this machine itself, where only a simulator answers: live numbers are refused there. */
export function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const host = new URL(url).hostname;
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function meshAddress(s: ComparedSettings, say: Say): void {
  if (s.MESH_URL === null) return;
  for (const name of ['MESH_MAILBOX_ID', 'MESH_MAILBOX_PASSWORD', 'MESH_SHARED_KEY'] as const)
    if (s[name] === null) say(name, 'required with MESH_URL', 'MESH_URL');
  if (isLoopback(s.MESH_URL)) return;
  if (!s.MESH_URL.startsWith('https:')) say('MESH_URL', 'https, unless loopback');
  if (s.MESH_POLL_SECONDS < livePollSeconds)
    say('MESH_POLL_SECONDS', `at least ${livePollSeconds} on a live MESH`, 'MESH_URL');
}

/** Certificate, key and CA are nothing without each other, and never left aside in silence. */
function meshMaterial(s: ComparedSettings, say: Say): void {
  if (s.MESH_URL === null) return;
  const loopback = isLoopback(s.MESH_URL);
  if (loopback && tlsFiles.every((name) => s[name] === null)) return;
  const allowed = loopback ? 'required with the other two TLS files' : 'required unless MESH_URL is loopback';
  for (const name of tlsFiles) if (s[name] === null) say(name, allowed, 'MESH_URL');
}

function meshAndPolicy(s: ComparedSettings, say: Say): void {
  if (s.MESH_URL === null) return;
  if (isLoopback(s.MESH_URL) && s.NHS_NUMBER_POLICY === 'live')
    say('NHS_NUMBER_POLICY', 'test with a loopback MESH_URL', 'MESH_URL');
  const host = new URL(s.MESH_URL).hostname.replace(/\.$/, '');
  if (s.NHS_NUMBER_POLICY === 'test' && productionHosts.includes(host))
    say('NHS_NUMBER_POLICY', 'live with a production MESH', 'MESH_URL');
}

function folders(s: ComparedSettings, say: Say): void {
  for (const name of ['EXPORT_GATE_DATA_DIR', 'EXPORT_GATE_INTAKE_DIR'] as const) {
    if (!path.relative(s.EXPORT_GATE_OUTBOUND_DIR, s[name]).startsWith('..'))
      say(name, 'a folder outside EXPORT_GATE_OUTBOUND_DIR, whose content leaves');
  }
}

/** What is configured by halves would be missed only on the day it is needed, and a second copy within the first is none. */
function anchors(s: ComparedSettings, say: Say): void {
  for (const [name, needs] of anchorPairs)
    if (s[name] !== null && s[needs] === null) say(needs, `required with ${name}`, name);
  const { ANCHOR_WITNESS_URL: witness, ANCHOR_FOLDER: folder } = s;
  if (witness !== null && !witness.startsWith('https:') && !isLoopback(witness))
    say('ANCHOR_WITNESS_URL', 'https, unless loopback');
  const ours = [s.EXPORT_GATE_DATA_DIR, s.EXPORT_GATE_INTAKE_DIR, s.EXPORT_GATE_OUTBOUND_DIR];
  if (folder !== null && ours.some((place) => isWithin(folder, place) || isWithin(place, folder)))
    say('ANCHOR_FOLDER', 'a folder apart from data, intake and outbound folders');
}

/** A setting, and another without which it is nothing. */
const anchorPairs = [
  ['ANCHOR_TSA_URL', 'ANCHOR_TSA_CA_FILE'],
  ['ANCHOR_TSA_CA_FILE', 'ANCHOR_TSA_URL'],
  ['ANCHOR_TSA_POLICY', 'ANCHOR_TSA_URL'],
  ['ANCHOR_WITNESS_URL', 'ANCHOR_WITNESS_KEY'],
  ['ANCHOR_WITNESS_KEY', 'ANCHOR_WITNESS_URL'],
] as const;

/** Whether the first place is the second or lies under it. */
function isWithin(place: string, folder: string): boolean {
  const way = path.relative(folder, place);
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}

function theCheck(s: ComparedSettings, say: Say): void {
  if (s.MESH_CHECK_MAILBOX_ID.toUpperCase() === s.MESH_MAILBOX_ID)
    say('MESH_CHECK_MAILBOX_ID', 'another mailbox than our own, which would answer with all we asked');
  if (rangesOf(s.NHS_NUMBER_EXTRA_RANGES).some(([from, to]) => from > to || to > 899))
    say('NHS_NUMBER_EXTRA_RANGES', 'ascending ranges below 900: 900-999 is never a live number');
  if (s.CHECK_DEADLINE_HOURS > s.CHECK_MAX_AGE_HOURS)
    say('CHECK_DEADLINE_HOURS', 'at most CHECK_MAX_AGE_HOURS', 'CHECK_MAX_AGE_HOURS');
  const [least, most] = bandOf(s.CHECK_REMOVAL_BAND);
  if (least > most) say('CHECK_REMOVAL_BAND', 'the smaller share first, such as 0.01-0.15');
}

/** `320-399,800-859` as pairs; none for null. */
export const rangesOf = (ranges: string | null): readonly (readonly [number, number])[] =>
  (ranges ?? '').split(',').flatMap((range) => {
    const [from = '', to = ''] = range.split('-');
    return from === '' ? [] : [[Number(from), Number(to)] as const];
  });

/** `0.01-0.15` as two shares. */
export function bandOf(band: string): readonly [number, number] {
  const [least = 0, most = 1] = band.split('-').map(Number);
  return [least, most];
}

function needsMesh(s: ComparedSettings, say: Say): void {
  if (s.MESH_URL === null) say('MESH_URL', 'required to run');
  for (const name of tlsFiles) {
    const file = s[name];
    if (s.MESH_URL !== null && file !== null && !canBeRead(file)) say(name, 'a file that can be read');
  }
}

function canBeRead(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}

function needsGround(s: ComparedSettings, say: Say): void {
  if (s.NHS_NUMBER_POLICY !== 'live') return;
  for (const name of ground) if (s[name] === null) say(name, 'required to run live', 'NHS_NUMBER_POLICY');
}

const ground = [
  'LEGAL_BASIS_REF',
  'LEGAL_BASIS_EXPIRES_ON',
  'RECIPIENT_AGREEMENT_REF',
  'RECIPIENT_AGREEMENT_EXPIRES_ON',
  'PURPOSE',
] as const;
