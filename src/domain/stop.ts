/** Somebody has stopped the export, or one provider's part in it, at once and until two people lift it. */
import { foldId } from './service-user.ts';

/** One word about a stop: that it stands from here on, or no more. */
export interface StopMove {
  /** Of its entry. */
  readonly position: number;
  /** As it was spelled; null is everything. */
  readonly provider: string | null;
  readonly stands: boolean;
}

export interface Stops<Move extends StopMove = StopMove> {
  readonly everything: Move | null;
  /** By folded id, as objections meet: a stop reaches every spelling. */
  readonly providers: ReadonlyMap<string, Move>;
  /** How many words were heard; with one more this is out of date. */
  readonly heard: number;
}

/** What stands after these words, oldest first. */
export function standingStops<Move extends StopMove>(moves: readonly Move[]): Stops<Move> {
  let everything: Move | null = null;
  const providers = new Map<string, Move>();
  for (const move of moves) {
    if (move.provider === null) everything = move.stands ? move : null;
    else if (move.stands) providers.set(foldId(move.provider), move);
    else providers.delete(foldId(move.provider));
  }
  return { everything, providers, heard: moves.length };
}

/** The stop of a provider, or of everything, that stands; null where none does. */
export const stopOf = <Move extends StopMove>(stops: Stops<Move>, provider: string | null): Move | null =>
  provider === null ? stops.everything : (stops.providers.get(foldId(provider)) ?? null);

/** How a stop is named where somebody signs: quoted, so that no id can be taken for another line. */
export const nameOfStop = ({ position, provider }: StopMove): string =>
  `entry ${position}, ${provider === null ? 'everything' : `provider ${JSON.stringify(provider)}`}`;
