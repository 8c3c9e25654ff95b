/** Whether somebody is two people at once: four eyes belong to two. */

/**
 * Whether the approver is the operator who acted. The list says which accounts are theirs; a name that is an account counts as one. Case
 * is folded: that can only refuse more.
 */
export function isSamePerson(
  { name, accounts }: { readonly name: string; readonly accounts: readonly string[] },
  operator: string,
): boolean {
  const acted = operator.toLowerCase();
  return [name, ...accounts].some((account) =>
    [acted, acted.replace(/^[a-z]+:/, '')].includes(account.toLowerCase()),
  );
}
