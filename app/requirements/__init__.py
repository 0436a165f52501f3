"""Parts of the pages about requirements: the editor of conditions, and how far they are met. Each condition stands
beside what was measured."""
