import { expect } from 'vitest';
import { ConfigurationError, createRouter, type RouterOptions } from '../index.js';

/** What a router is refused for; nothing where it is made. */
export function problemsOf(
  routes: RouterOptions['routes'],
  more: Partial<RouterOptions> = {},
): readonly string[] {
  try {
    createRouter({ routes, ...more });
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).problems;
  }
}
