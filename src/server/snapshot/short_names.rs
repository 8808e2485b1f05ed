//! The names of pipelines for readers: `HMCTS_CMC/claim-store/master` is `claim-store`, beside the label of its project.

use std::{collections::HashMap, sync::Arc};

use super::Pipeline;
use crate::server::config::Config;

/// Sets the short name of each pipeline: its name without the folder that gives it its project, and without a default
/// branch. Where two pipelines of a project would share a short name, both keep their labels.
pub fn set(pipelines: &mut [Pipeline], config: &Config) {
    let short: Vec<String> = pipelines.iter().map(|known| of(known, config)).collect();
    let mut counts: HashMap<(Option<usize>, &str), usize> = HashMap::new();
    for (pipeline, short) in pipelines.iter().zip(&short) {
        *counts.entry((pipeline.project, short)).or_default() += 1;
    }
    let unique: Vec<bool> = pipelines
        .iter()
        .zip(&short)
        .map(|(pipeline, short)| counts[&(pipeline.project, short.as_str())] == 1)
        .collect();
    for ((pipeline, short), unique) in pipelines.iter_mut().zip(short).zip(unique) {
        pipeline.short = if unique {
            short.into()
        } else {
            Arc::clone(&pipeline.label)
        };
    }
}

fn of(pipeline: &Pipeline, config: &Config) -> String {
    let name = &*pipeline.name;
    let job = match name.rsplit_once('/') {
        Some((job, branch)) if config.default_branches.iter().any(|known| known == branch) => job,
        _ => name,
    };
    let (folder, job) = match (job.split_once('/'), pipeline.project) {
        (Some((folder, job)), Some(project))
            if !job.is_empty() && config.projects[project].pattern.is_match(folder) =>
        {
            (folder, job)
        }
        _ => ("", job),
    };
    match job {
        "" => name.to_owned(),
        job if config.rules.nightly.is_match(folder) => format!("{job} (nightly)"),
        job => job.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::server::{
        figures::testing::{AS_OF, build, snapshot},
        model::BuildResult::Success,
    };

    #[test]
    fn names_lack_what_project_and_branch_say() {
        let names = [
            ("HMCTS_CMC/claim-store/master", "claim-store"),
            ("HMCTS_CMC/twice/main", "HMCTS_CMC/twice/main"),
            ("HMCTS_CMC/twice/master", "HMCTS_CMC/twice/master"),
            (
                "HMCTS_Nightly_CMC/claim-store/master",
                "claim-store (nightly)",
            ),
            ("HMCTS_SSCS/claim-store/master", "claim-store"),
            ("HMCTS_SSCS/claim-store/release", "claim-store/release"),
            ("Other/claim-store/master", "Other/claim-store"),
            ("_CMC/master", "_CMC"),
            ("_CMC//master", "_CMC/"),
            ("master", "master"),
            ("x", "x"),
        ];
        let builds = names.map(|(name, _)| build(name, Success, AS_OF));
        let snapshot = snapshot(&builds);
        for (name, short) in names {
            let mut known = snapshot.pipelines.iter();
            let pipeline = known.find(|known| &*known.name == name);
            assert_eq!(&*pipeline.expect("a pipeline").short, short, "{name}");
        }
    }
}
