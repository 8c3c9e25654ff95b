/** The three tables of an intake folder and their columns (design, section 4). */

export const providersTable = {
  name: 'providers.csv',
  columns: [
    'provider_id',
    'name',
    'ods_code',
    'participating_from',
    'participating_to',
    'agreement_ref',
    'agreement_expires_on',
    'notice_version',
    'policy_review_due_on',
    'data_protection_lead',
  ],
} as const;

export const choicesTable = {
  name: 'in-service-choices.csv',
  columns: [
    'choice_id',
    'service_user_id',
    'choice',
    'channel',
    'requested_at',
    'recorded_at',
    'recorded_by',
    'decided_by',
  ],
} as const;

export const rosterTable = {
  name: 'service-users.csv',
  columns: [
    'service_user_id',
    'provider_id',
    'location_id',
    'nhs_number',
    'person_type',
    'informed_on',
    'notice_version',
    'in_service_choice',
    'restricted',
    'resident_from',
    'resident_to',
  ],
} as const;

/** In the order in which they are read: the small ones first. */
export const tables = [providersTable, choicesTable, rosterTable] as const;
export type TableName = (typeof tables)[number]['name'];
export const tableNames = tables.map(({ name }) => name);

export const manifestName = 'manifest.json';
export type IntakeFileName = TableName | typeof manifestName;

export interface Table<Columns extends readonly string[]> {
  readonly name: TableName;
  readonly columns: Columns;
}

/** The cells of one row, in the order of the table's columns whatever their order in the file. */
export type Cells<Columns extends readonly string[]> = { readonly [Index in keyof Columns]: string };

export interface TableRow<Columns extends readonly string[]> {
  /** Line of the file on which the row begins; the header begins on line 1. */
  readonly line: number;
  readonly cells: Cells<Columns>;
}

export type ProviderCells = TableRow<typeof providersTable.columns>;
export type ChoiceCells = TableRow<typeof choicesTable.columns>;
export type RosterCells = TableRow<typeof rosterTable.columns>;
