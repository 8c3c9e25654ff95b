import { PassThrough } from 'node:stream';

import { describe, expect, it } from '@jest/globals';

import { askNumber } from '../../jobs/input/nhs-number.ts';

/** A terminal with somebody at it: what is typed, what is shown, and whether keys are echoed. */
function terminal(...keys: readonly string[]) {
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (mode: boolean) => void raw.push(mode),
  });
  const output = new PassThrough();
  for (const key of keys) input.write(key);
  const asked = askNumber(input as unknown as NodeJS.ReadStream, output as unknown as NodeJS.WriteStream);
  return { asked, raw, shown: () => String(output.read() ?? '') };
}

describe('the prompt', () => {
  it('takes a number key by key, corrections too, and shows none of it', async () => {
    const { asked, raw, shown } = terminal('9', '9', '8', '\u007f', '9', ' 000 00', '18', '\r', 'rest');
    expect(await asked).toBe(9990000018);
    expect(raw).toEqual([true, false]);
    expect(shown()).toBe('NHS number (it is not shown): \n');
  });

  it.each([
    ['Ctrl-C', ['99', '\u0003'], 'interrupted'],
    ['something else', ['nobody\n'], 'usage'],
    ['nothing', ['\n'], 'usage'],
    ['no end', ['9'.repeat(65)], 'usage'],
  ])('is left at %s with the terminal as it was', async (_, keys, code) => {
    const { asked, raw, shown } = terminal(...keys);
    await expect(asked).rejects.toMatchObject({ code });
    expect(raw).toEqual([true, false]);
    expect(shown()).not.toMatch(/9|nobody/);
  });
});
