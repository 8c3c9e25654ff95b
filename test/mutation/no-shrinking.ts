/** A property does not make small what it found: a mutant needs to be caught, not explained. */
import fc from 'fast-check';

fc.configureGlobal({ endOnFailure: true });
