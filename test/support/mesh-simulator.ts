import { http } from 'msw';
import type { HttpHandler } from 'msw';
import type { Simulator } from '../../src/simulator/simulator.ts';

/** msw handlers that let a simulator answer everything under a base URL, such as `https://mesh.test`. */
export const simulatorHandlers = (simulator: Simulator, baseUrl: string): HttpHandler[] => [
  http.all(`${baseUrl}/*`, ({ request }) => simulator.handle(request)),
];
