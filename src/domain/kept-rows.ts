import { Column, Texts } from './column.ts';

/** Stands in a column where there is nothing. */
export const none = -1;

/** What is kept of each row: enough to decide on, in columns. */
export class KeptRows {
  readonly idNode = new Column();
  readonly numberNode = new Column();
  readonly number: number[] = [];
  readonly provider = new Column();
  readonly location = new Column();
  /** Last date on which the row's leases and residence hold. */
  readonly until = new Column();
  readonly lacking = new Column();
  readonly spoken = new Column();
  /** 0 not resident, 1 may be resident, 2 may be resident and is a service user. */
  readonly presence = new Column();
  readonly texts = new Texts();

  get length(): number {
    return this.idNode.length;
  }
}
