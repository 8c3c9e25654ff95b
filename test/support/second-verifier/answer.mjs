/**
 * Runs verify_log.py in a Python that lives in WebAssembly, so that it runs wherever the tests do: one request a line on stdin, one verdict
 * a line on stdout.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { loadPyodide } from 'pyodide';

const python = await loadPyodide();
python.runPython(readFileSync(path.join(import.meta.dirname, 'verify_log.py'), 'utf8'));
const answer = python.globals.get('answer');
for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${answer(line)}\n`);
