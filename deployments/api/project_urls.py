"""Routes of projects and releases."""

from django.urls import path

from deployments.api import git_transfers, project_files, projects, releases

PROJECT = "projects/<uuid:project_id>"
RELEASE = "releases/<uuid:release_id>"

urlpatterns = [
    path("projects", projects.Projects.as_view(), name="projects"),
    path(PROJECT, projects.ProjectDetail.as_view(), name="project"),
    path(f"{PROJECT}/restoration", projects.ProjectRestoration.as_view(), name="project-restoration"),
    path(f"{PROJECT}/variables", projects.ProjectVariables.as_view(), name="project-variables"),
    path(f"{PROJECT}/files", project_files.ProjectFiles.as_view(), name="project-files"),
    path(f"{PROJECT}/files/content", project_files.ProjectFileContent.as_view(), name="project-file-content"),
    path(
        f"{PROJECT}/files/versions", project_files.ProjectFileVersions.as_view(), name="project-file-versions"
    ),
    path(
        f"{PROJECT}/files/renaming", project_files.ProjectFileRenaming.as_view(), name="project-file-renaming"
    ),
    path(
        f"{PROJECT}/files/restoration",
        project_files.ProjectFileRestoration.as_view(),
        name="project-file-restoration",
    ),
    path(f"{PROJECT}/archive", project_files.ProjectArchive.as_view(), name="project-archive"),
    path(f"{PROJECT}/git-imports", git_transfers.GitImports.as_view(), name="project-git-imports"),
    path(f"{PROJECT}/releases", releases.ProjectReleases.as_view(), name="project-releases"),
    path(RELEASE, releases.ReleaseDetail.as_view(), name="release"),
    path(f"{RELEASE}/git-pushes", git_transfers.GitPushes.as_view(), name="release-git-pushes"),
    path(f"{RELEASE}/archive", releases.ReleaseArchive.as_view(), name="release-archive"),
    path(f"{RELEASE}/files/content", releases.ReleaseFile.as_view(), name="release-file"),
    path(f"{RELEASE}/diff", releases.ReleaseDifference.as_view(), name="release-diff"),
    path(f"{RELEASE}/verification", releases.ReleaseVerification.as_view(), name="release-verification"),
]
