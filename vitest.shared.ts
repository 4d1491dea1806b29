/** Tests run on the sources of every package, so that no build has to come first. */
const conditions = ['@sluice/source', 'node', 'development|production'];

export const onSources = { resolve: { conditions }, ssr: { resolve: { conditions } } };
