/** A mailbox as the service knows it. Without a password nobody can call on its behalf, but it can be written to. */
export interface MailboxAccount {
  readonly id: string;
  readonly password?: string;
  /** Disabled: every call on its behalf is refused (conformance 701). */
  readonly closed?: boolean;
  readonly name?: string;
  readonly odsCode?: string;
  /** Workflows under which endpoint lookup and workflow search find it. */
  readonly workflows?: readonly string[];
}

export interface Directory {
  readonly find: (mailboxId: string) => MailboxAccount | undefined;
  /** Those registered for the workflow, of one organisation or (null) of any. */
  readonly lookUp: (odsCode: string | null, workflowId: string) => readonly MailboxAccount[];
}

/** The first of two accounts with one id counts. */
export function createDirectory(accounts: readonly MailboxAccount[]): Directory {
  const byId = new Map([...accounts].reverse().map((account) => [account.id, account]));
  return {
    find: (mailboxId) => byId.get(mailboxId),
    lookUp: (odsCode, workflowId) =>
      [...byId.values()].filter(
        (account) =>
          (account.workflows ?? []).includes(workflowId) && (odsCode === null || account.odsCode === odsCode),
      ),
  };
}
